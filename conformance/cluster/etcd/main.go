// Command etcd is the etcd that Kubernetes of this version comes with: distributions have older ones, at which the API server neither
// serves lists from its cache nor streams them.
//
// Its own module cannot be installed by name, since it replaces parts of itself.
package main

import (
	"os"

	"go.etcd.io/etcd/server/v3/etcdmain"
)

func main() {
	etcdmain.Main(os.Args)
}
