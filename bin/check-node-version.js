// Runs before anything else and on any Node: hence no syntax that an old one cannot read.
if (!(Number(process.versions.node.split('.')[0]) >= 24)) {
  console.error(`Headgate needs Node 24 or newer, but this is Node ${process.versions.node} (${process.execPath}).`)
  console.error('Install a newer one (https://nodejs.org), or let npm bring it: npx --package node@24 --package headgate headgate')
  process.exit(1)
}
