/** Secrets that policies refer to. */

/** A Secret with these texts. */
export const secret = (name: string, data: Readonly<Record<string, string>>, namespace = 'default'): string => `
apiVersion: v1
kind: Secret
metadata: {name: ${name}, namespace: ${namespace}}
stringData: ${JSON.stringify(data)}
`
