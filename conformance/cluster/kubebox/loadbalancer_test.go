package main

import (
	"net/netip"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

func service(name string, age int, asked, held string) *corev1.Service {
	s := &corev1.Service{
		ObjectMeta: metav1.ObjectMeta{Namespace: "default", Name: name, CreationTimestamp: metav1.NewTime(time.Unix(int64(1000-age), 0))},
		Spec:       corev1.ServiceSpec{Type: corev1.ServiceTypeLoadBalancer, LoadBalancerIP: asked},
	}
	if held != "" {
		s.Status.LoadBalancer.Ingress = []corev1.LoadBalancerIngress{{IP: held}}
	}
	return s
}

func TestAssign(t *testing.T) {
	clusterIP := service("internal", 1, "", "")
	clusterIP.Spec.Type = corev1.ServiceTypeClusterIP
	for _, c := range []struct {
		name     string
		services []*corev1.Service
		want     map[string]string
	}{
		{"gives the first free address", []*corev1.Service{service("a", 2, "", "10.89.1.1"), service("b", 1, "", "")}, map[string]string{"b": "10.89.1.2"}},
		{"leaves what has an address", []*corev1.Service{service("a", 1, "", "10.89.1.7")}, map[string]string{}},
		{"gives the address asked for", []*corev1.Service{service("a", 1, "10.89.1.9", "")}, map[string]string{"a": "10.89.1.9"}},
		{"moves to the address asked for", []*corev1.Service{service("a", 1, "10.89.1.9", "10.89.1.1")}, map[string]string{"a": "10.89.1.9"}},
		{"never gives one outside the pool", []*corev1.Service{service("a", 1, "192.0.2.1", "")}, map[string]string{}},
		{"takes the address away when an impossible one is asked for", []*corev1.Service{service("a", 1, "192.0.2.1", "10.89.1.1")}, map[string]string{"a": ""}},
		{"gives a disputed address to the older", []*corev1.Service{service("young", 1, "10.89.1.9", ""), service("old", 5, "10.89.1.9", "")}, map[string]string{"old": "10.89.1.9"}},
		{"ignores other types", []*corev1.Service{clusterIP}, map[string]string{}},
	} {
		t.Run(c.name, func(t *testing.T) {
			got := map[string]string{}
			for _, g := range assign(c.services, netip.MustParsePrefix("10.89.1.0/24")) {
				got[g.service.Name] = g.address
			}
			if len(got) != len(c.want) {
				t.Fatalf("got %v, want %v", got, c.want)
			}
			for name, address := range c.want {
				if given, ok := got[name]; !ok || given != address {
					t.Errorf("%s: got %q (granted: %t), want %q", name, given, ok, address)
				}
			}
		})
	}
}

func TestAssignStopsAtTheEndOfThePool(t *testing.T) {
	var services []*corev1.Service
	for _, name := range []string{"a", "b", "c", "d", "e"} {
		services = append(services, service(name, 1, "", ""))
	}
	if got := assign(services, netip.MustParsePrefix("10.89.1.0/30")); len(got) != 3 {
		t.Errorf("a pool of four addresses has three to give, got %d grants", len(got))
	}
}
