// Command kubebox is the Kubernetes node and control plane as one program. Which component it is depends on the name it
// was started under: link it as kube-apiserver, kube-controller-manager, kube-scheduler, kube-proxy, kubelet, kubectl
// or cloud-loadbalancer.
//
// One program instead of six keeps the build short (the components share most of their packages) and the cache small.
package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"k8s.io/component-base/cli"
	_ "k8s.io/component-base/logs/json/register"
	_ "k8s.io/component-base/metrics/prometheus/clientgo"
	_ "k8s.io/component-base/metrics/prometheus/version"
	kubectl "k8s.io/kubectl/pkg/cmd"
	apiserver "k8s.io/kubernetes/cmd/kube-apiserver/app"
	controllers "k8s.io/kubernetes/cmd/kube-controller-manager/app"
	proxy "k8s.io/kubernetes/cmd/kube-proxy/app"
	scheduler "k8s.io/kubernetes/cmd/kube-scheduler/app"
	kubelet "k8s.io/kubernetes/cmd/kubelet/app"
)

// components maps the name of a link to the command behind it. Commands are made on demand: each registers flags and
// metrics of its own in process-wide registries.
var components = map[string]func() *cobra.Command{
	"kube-apiserver":          apiserver.NewAPIServerCommand,
	"kube-controller-manager": controllers.NewControllerManagerCommand,
	"kube-scheduler":          func() *cobra.Command { return scheduler.NewSchedulerCommand() },
	"kube-proxy":              proxy.NewProxyCommand,
	"kubelet":                 newKubeletCommand,
	"kubectl":                 kubectl.NewDefaultKubectlCommand,
	"cloud-loadbalancer":      newLoadBalancerCommand,
}

// newKubeletCommand hides that the oldest Kubernetes asks for no context.
func newKubeletCommand() *cobra.Command {
	switch newCommand := any(kubelet.NewKubeletCommand).(type) {
	case func() *cobra.Command:
		return newCommand()
	case func(context.Context) *cobra.Command:
		return newCommand(context.Background())
	default:
		panic(fmt.Sprintf("kubebox: the kubelet of this Kubernetes is made by a %T", newCommand))
	}
}

func main() {
	name := filepath.Base(os.Args[0])
	component, known := components[name]
	if !known {
		names := make([]string, 0, len(components))
		for known := range components {
			names = append(names, known)
		}
		slices.Sort(names)
		fmt.Fprintf(os.Stderr, "kubebox: no component is called %q; link this program as one of: %s\n", name, strings.Join(names, ", "))
		os.Exit(2)
	}
	os.Exit(cli.Run(component()))
}
