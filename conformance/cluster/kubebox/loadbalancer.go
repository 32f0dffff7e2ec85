package main

import (
	"context"
	"fmt"
	"net/netip"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/client-go/informers"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/tools/cache"
	"k8s.io/client-go/tools/clientcmd"
)

// newLoadBalancerCommand returns the component that does what a cloud does for Services of type LoadBalancer: it gives
// each an address. Traffic to the address is the business of kube-proxy, which knows it from the status of the Service.
func newLoadBalancerCommand() *cobra.Command {
	var kubeconfig, pool string
	command := &cobra.Command{
		Use:          "cloud-loadbalancer",
		Short:        "Gives Services of type LoadBalancer addresses from a pool",
		SilenceUsage: true,
		RunE: func(command *cobra.Command, _ []string) error {
			prefix, err := netip.ParsePrefix(pool)
			if err != nil {
				return fmt.Errorf("--pool: %w", err)
			}
			config, err := clientcmd.BuildConfigFromFlags("", kubeconfig)
			if err != nil {
				return fmt.Errorf("--kubeconfig: %w", err)
			}
			client, err := kubernetes.NewForConfig(config)
			if err != nil {
				return err
			}
			return serveLoadBalancers(command.Context(), client, prefix)
		},
	}
	command.Flags().StringVar(&kubeconfig, "kubeconfig", os.Getenv("KUBECONFIG"), "credentials for the API server")
	command.Flags().StringVar(&pool, "pool", "10.89.1.0/24", "addresses to give; one that a Service asks for must lie in here")
	return command
}

func serveLoadBalancers(ctx context.Context, client kubernetes.Interface, pool netip.Prefix) error {
	factory := informers.NewSharedInformerFactory(client, 10*time.Minute)
	services := factory.Core().V1().Services()
	// One pending wake-up is enough: every round looks at all Services.
	wake := make(chan struct{}, 1)
	signal := func(any) {
		select {
		case wake <- struct{}{}:
		default:
		}
	}
	if _, err := services.Informer().AddEventHandler(cache.ResourceEventHandlerFuncs{
		AddFunc: signal, UpdateFunc: func(_, current any) { signal(current) }, DeleteFunc: signal,
	}); err != nil {
		return err
	}
	factory.Start(ctx.Done())
	factory.WaitForCacheSync(ctx.Done())
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-wake:
		}
		all, err := services.Lister().List(labels.Everything())
		if err != nil {
			return err
		}
		for _, change := range assign(all, pool) {
			if err := writeAddress(ctx, client, change); err != nil {
				fmt.Fprintf(os.Stderr, "cloud-loadbalancer: %s/%s: %v; trying again\n", change.service.Namespace, change.service.Name, err)
				time.AfterFunc(time.Second, func() { signal(nil) })
			}
		}
	}
}

// grant is the address that a Service is to have; an empty address takes away the one it has.
type grant struct {
	service *corev1.Service
	address string
}

// assign says which Services need another address than they have. A Service keeps its address for life unless it asks
// for a different one; the older Service wins an address that two ask for; an address outside the pool is never given.
func assign(services []*corev1.Service, pool netip.Prefix) []grant {
	wanting := slices.DeleteFunc(slices.Clone(services), func(s *corev1.Service) bool {
		return s.Spec.Type != corev1.ServiceTypeLoadBalancer || s.Spec.LoadBalancerClass != nil || s.DeletionTimestamp != nil
	})
	slices.SortFunc(wanting, func(a, b *corev1.Service) int {
		if byAge := a.CreationTimestamp.Compare(b.CreationTimestamp.Time); byAge != 0 {
			return byAge
		}
		return strings.Compare(a.Namespace+"/"+a.Name, b.Namespace+"/"+b.Name)
	})

	owner := map[string]*corev1.Service{}
	for _, s := range wanting {
		if held := current(s); held != "" && (s.Spec.LoadBalancerIP == "" || s.Spec.LoadBalancerIP == held) {
			owner[held] = s
		}
	}
	var grants []grant
	for _, s := range wanting {
		held, asked := current(s), s.Spec.LoadBalancerIP
		switch {
		case held != "" && owner[held] == s:
		case asked == "":
			if free := firstFree(pool, owner); free != "" {
				owner[free] = s
				grants = append(grants, grant{s, free})
			}
		case inPool(pool, asked) && owner[asked] == nil:
			owner[asked] = s
			grants = append(grants, grant{s, asked})
		case held != "":
			grants = append(grants, grant{s, ""})
		}
	}
	return grants
}

func current(s *corev1.Service) string {
	if len(s.Status.LoadBalancer.Ingress) == 0 {
		return ""
	}
	return s.Status.LoadBalancer.Ingress[0].IP
}

func inPool(pool netip.Prefix, address string) bool {
	parsed, err := netip.ParseAddr(address)
	return err == nil && pool.Contains(parsed)
}

// firstFree skips the first address of the pool, which names the network itself.
func firstFree(pool netip.Prefix, owner map[string]*corev1.Service) string {
	for a := pool.Masked().Addr().Next(); pool.Contains(a); a = a.Next() {
		if owner[a.String()] == nil {
			return a.String()
		}
	}
	return ""
}

func writeAddress(ctx context.Context, client kubernetes.Interface, change grant) error {
	updated := change.service.DeepCopy()
	updated.Status.LoadBalancer = corev1.LoadBalancerStatus{}
	if change.address != "" {
		updated.Status.LoadBalancer.Ingress = []corev1.LoadBalancerIngress{{IP: change.address}}
	}
	_, err := client.CoreV1().Services(updated.Namespace).UpdateStatus(ctx, updated, metav1.UpdateOptions{})
	if apierrors.IsNotFound(err) || apierrors.IsConflict(err) {
		// The informer is about to bring what changed, and with it the next round.
		return nil
	}
	return err
}
