package xds

import (
	"slices"
	"strings"
	"testing"
	"time"

	cluster "github.com/envoyproxy/go-control-plane/envoy/config/cluster/v3"
	core "github.com/envoyproxy/go-control-plane/envoy/config/core/v3"
	discovery "github.com/envoyproxy/go-control-plane/envoy/service/discovery/v3"
	sotw "github.com/envoyproxy/go-control-plane/pkg/client/sotw/v3"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	"istio.io/istio/pkg/adsc"
)

func TestIstioClientGetsTheStateOfTheWorld(t *testing.T) {
	h := start(t)
	client, err := adsc.New(h.address, &adsc.ADSConfig{
		InitialDiscoveryRequests: []*discovery.DiscoveryRequest{{TypeUrl: clusterType}, {TypeUrl: listenerType}},
	})
	if err != nil {
		t.Fatal(err)
	}
	if err := client.Run(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(client.Close)
	eventually(t, "the listener of the gateway", func() bool { return len(client.GetHTTPListeners()) == 1 })
	eventually(t, "the endpoints of the first backend", func() bool { return len(client.GetEndpoints()) >= 1 })
	before := len(client.GetEdsClusters()) + len(client.GetClusters())

	h.write("backend-b", backendYAML("b", 19903))
	h.write("route-b", routeYAML("b", "b.example.com", "/", "b"))
	eventually(t, "the second cluster", func() bool { return len(client.GetEdsClusters())+len(client.GetClusters()) == before+1 })
	h.remove("route-b")
	eventually(t, "the second cluster to go", func() bool { return len(client.GetEdsClusters())+len(client.GetClusters()) == before })
}

// stepper makes the calls of go-control-plane's client one after the other: its Fetch blocks without a time limit, and holds
// back Ack and Nack meanwhile.
type stepper struct {
	t       *testing.T
	client  sotw.ADSClient
	pending chan fetched
}

type fetched struct {
	clusters []string
	err      error
}

// within returns the clusters of the next response, or false if none comes in time; a later call takes up the same wait.
func (s *stepper) within(limit time.Duration) ([]string, bool) {
	s.t.Helper()
	if s.pending == nil {
		s.pending = make(chan fetched, 1)
		go func(answer chan<- fetched) { answer <- fetchClusters(s.client) }(s.pending)
	}
	select {
	case answer := <-s.pending:
		s.pending = nil
		if answer.err != nil {
			s.t.Fatal(answer.err)
		}
		return answer.clusters, true
	case <-time.After(limit):
		return nil, false
	}
}

func (s *stepper) next(what string) []string {
	s.t.Helper()
	clusters, arrived := s.within(patience)
	if !arrived {
		s.t.Fatalf("waited %s in vain for %s", patience, what)
	}
	return clusters
}

func (s *stepper) ack() {
	s.t.Helper()
	if err := s.client.Ack(); err != nil {
		s.t.Fatal(err)
	}
}

func fetchClusters(client sotw.ADSClient) fetched {
	response, err := client.Fetch()
	if err != nil {
		return fetched{err: err}
	}
	var names []string
	for _, resource := range response.Resources {
		var c cluster.Cluster
		if err := resource.UnmarshalTo(&c); err != nil {
			return fetched{err: err}
		}
		names = append(names, c.Name)
	}
	return fetched{clusters: names}
}

func TestGoControlPlaneClientAcknowledgesAndRejects(t *testing.T) {
	h := start(t)
	connection, err := grpc.NewClient(h.address, grpc.WithTransportCredentials(insecure.NewCredentials()))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = connection.Close() })
	steps := &stepper{t: t, client: sotw.NewADSClient(t.Context(), &core.Node{Id: "go-control-plane"}, clusterType)}
	if err := steps.client.InitConnect(connection); err != nil {
		t.Fatal(err)
	}

	first := steps.next("the first clusters")
	steps.ack()
	if again, arrived := steps.within(2 * quiet); arrived {
		t.Fatalf("an acknowledgement is answered by nothing, but this arrived: %v", again)
	}

	h.write("backend-b", backendYAML("b", 19903))
	h.write("route-b", routeYAML("b", "b.example.com", "/", "b"))
	second := steps.next("the clusters with the second one")
	if len(second) != len(first)+1 {
		t.Errorf("expected one cluster more than %v, got %v", first, second)
	}
	if err := steps.client.Nack("not this one"); err != nil {
		t.Fatal(err)
	}
	// What the server falls back to may come once; the rejected version may not come again.
	if fallback, arrived := steps.within(2 * quiet); arrived {
		if len(fallback) == len(second) {
			t.Errorf("the rejected clusters came again: %v", fallback)
		}
		steps.ack()
	}

	h.write("backend-c", backendYAML("c", 19904))
	h.write("route-c", routeYAML("c", "c.example.com", "/", "c"))
	eventually(t, "another cluster after a rejection", func() bool {
		clusters := steps.next("the clusters after a rejection")
		steps.ack()
		return slices.ContainsFunc(clusters, func(name string) bool { return strings.Contains(name, "/c") })
	})
}
