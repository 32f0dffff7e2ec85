package xds

import (
	"context"
	"errors"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	cluster "github.com/envoyproxy/go-control-plane/envoy/config/cluster/v3"
	endpoint "github.com/envoyproxy/go-control-plane/envoy/config/endpoint/v3"
	listener "github.com/envoyproxy/go-control-plane/envoy/config/listener/v3"
	route "github.com/envoyproxy/go-control-plane/envoy/config/route/v3"
	hcm "github.com/envoyproxy/go-control-plane/envoy/extensions/filters/network/http_connection_manager/v3"
	"google.golang.org/protobuf/proto"
	"istio.io/istio/pkg/adsc"
)

const (
	clusterType  = "type.googleapis.com/envoy.config.cluster.v3.Cluster"
	endpointType = "type.googleapis.com/envoy.config.endpoint.v3.ClusterLoadAssignment"
	listenerType = "type.googleapis.com/envoy.config.listener.v3.Listener"
	routeType    = "type.googleapis.com/envoy.config.route.v3.RouteConfiguration"
)

// deltaState is what a delta client holds: resources by short type and name, and the events that led there.
type deltaState struct {
	mutex     sync.Mutex
	resources map[string]proto.Message
	events    []string
	deltaOptions
}

type deltaOptions struct {
	// reject refuses a resource, by its key.
	reject func(key string) error
	// withoutEndpoints leaves out the endpoints of clusters: this client ends its process when endpoints are removed after the
	// cluster that named them, which the protocol allows.
	withoutEndpoints bool
}

// connectDelta runs Istio's delta client as Envoy would: all clusters and listeners, and what they name.
func connectDelta(t *testing.T, address string, options deltaOptions) *deltaState {
	t.Helper()
	state := &deltaState{resources: map[string]proto.Message{}, deltaOptions: options}
	client := adsc.NewDelta(address, &adsc.DeltaADSConfig{},
		adsc.Register(func(ctx adsc.HandlerContext, name, _ string, c *cluster.Cluster, event adsc.Event) {
			state.handle(ctx, "cluster "+name, c, event)
			if event == adsc.EventAdd && c.GetType() == cluster.Cluster_EDS && !options.withoutEndpoints {
				ctx.RegisterDependency(endpointType, serviceName(c))
			}
		}),
		adsc.Register(func(ctx adsc.HandlerContext, name, _ string, e *endpoint.ClusterLoadAssignment, event adsc.Event) {
			state.handle(ctx, "endpoints "+name, e, event)
		}),
		adsc.Register(func(ctx adsc.HandlerContext, name, _ string, l *listener.Listener, event adsc.Event) {
			state.handle(ctx, "listener "+name, l, event)
			if event == adsc.EventAdd {
				ctx.RegisterDependency(routeType, routeNames(l)...)
			}
		}),
		adsc.Register(func(ctx adsc.HandlerContext, name, _ string, r *route.RouteConfiguration, event adsc.Event) {
			state.handle(ctx, "routes "+name, r, event)
		}),
		adsc.Watch[*cluster.Cluster]("*"),
		adsc.Watch[*listener.Listener]("*"),
	)
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan struct{})
	go func() {
		defer close(done)
		client.Run(ctx)
	}()
	t.Cleanup(func() {
		cancel()
		<-done
	})
	select {
	case <-client.Synced():
	case <-time.After(patience):
		t.Fatal("the delta client did not get its first clusters and listeners")
	}
	return state
}

func (s *deltaState) handle(ctx adsc.HandlerContext, key string, resource proto.Message, event adsc.Event) {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	s.events = append(s.events, event.String()+" "+key)
	if event == adsc.EventDelete {
		delete(s.resources, key)
		return
	}
	if s.reject != nil {
		if err := s.reject(key); err != nil {
			ctx.Reject(err)
			return
		}
	}
	s.resources[key] = resource
}

// take returns the events since the last call.
func (s *deltaState) take() []string {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	taken := s.events
	s.events = nil
	return taken
}

func (s *deltaState) count(kind string) int {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	n := 0
	for key := range s.resources {
		if strings.HasPrefix(key, kind+" ") {
			n++
		}
	}
	return n
}

// domains are those of all virtual hosts.
func (s *deltaState) domains() []string {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	var found []string
	for _, resource := range s.resources {
		if configuration, ok := resource.(*route.RouteConfiguration); ok {
			for _, host := range configuration.VirtualHosts {
				found = append(found, host.Domains...)
			}
		}
	}
	return found
}

func serviceName(c *cluster.Cluster) string {
	if name := c.GetEdsClusterConfig().GetServiceName(); name != "" {
		return name
	}
	return c.Name
}

func routeNames(l *listener.Listener) []string {
	var names []string
	for _, chain := range append(slices.Clone(l.FilterChains), l.DefaultFilterChain) {
		for _, filter := range chain.GetFilters() {
			var manager hcm.HttpConnectionManager
			if filter.GetTypedConfig().UnmarshalTo(&manager) == nil && manager.GetRds() != nil {
				names = append(names, manager.GetRds().RouteConfigName)
			}
		}
	}
	return names
}

func kinds(events []string) []string {
	var found []string
	for _, event := range events {
		kind := strings.Join(strings.Fields(event)[:2], " ")
		if !slices.Contains(found, kind) {
			found = append(found, kind)
		}
	}
	slices.Sort(found)
	return found
}

func TestDeltaClientGetsEverythingAndThenOnlyWhatChanged(t *testing.T) {
	h := start(t)
	state := connectDelta(t, h.address, deltaOptions{})
	eventually(t, "the host of the first route", func() bool { return slices.Contains(state.domains(), "a.example.com") })
	eventually(t, "the endpoints of the first backend", func() bool { return state.count("cluster") >= 1 && state.count("endpoints") >= 1 })
	time.Sleep(quiet)
	state.take()

	h.write("route-a", routeYAML("a", "other.example.com", "/", "a"))
	eventually(t, "the new host", func() bool { return slices.Contains(state.domains(), "other.example.com") })
	time.Sleep(quiet)
	if got := kinds(state.take()); !slices.Equal(got, []string{"add routes"}) {
		t.Errorf("a new hostname changes routes alone, but these arrived: %v", got)
	}

	h.write("backend-a", backendYAML("a", 19902))
	time.Sleep(quiet)
	if got := kinds(state.take()); slices.Contains(got, "add routes") || slices.Contains(got, "add listener") || len(got) == 0 {
		t.Errorf("a new address of a backend changes its endpoints or cluster alone, but these arrived: %v", got)
	}
}

func TestDeltaClientSeesAdditionsAndRemovals(t *testing.T) {
	h := start(t)
	state := connectDelta(t, h.address, deltaOptions{withoutEndpoints: true})
	eventually(t, "the first cluster", func() bool { return state.count("cluster") >= 1 })
	before := state.count("cluster")

	h.write("backend-b", backendYAML("b", 19903))
	h.write("route-b", routeYAML("b", "b.example.com", "/", "b"))
	eventually(t, "the second host and its cluster", func() bool {
		return slices.Contains(state.domains(), "b.example.com") && state.count("cluster") == before+1
	})

	h.remove("route-b")
	eventually(t, "the second host and its cluster to go", func() bool {
		return !slices.Contains(state.domains(), "b.example.com") && state.count("cluster") == before
	})
}

func TestDeltaClientIsNotSentARejectedVersionAgain(t *testing.T) {
	h := start(t)
	var mutex sync.Mutex
	rejecting, rejected := false, 0
	state := connectDelta(t, h.address, deltaOptions{reject: func(key string) error {
		mutex.Lock()
		defer mutex.Unlock()
		if rejecting && strings.HasPrefix(key, "routes ") {
			rejected++
			return errors.New("not this one")
		}
		return nil
	}})
	eventually(t, "the first host", func() bool { return slices.Contains(state.domains(), "a.example.com") })

	mutex.Lock()
	rejecting = true
	mutex.Unlock()
	h.write("route-a", routeYAML("a", "rejected.example.com", "/", "a"))
	count := func() int {
		mutex.Lock()
		defer mutex.Unlock()
		return rejected
	}
	eventually(t, "the change to be rejected", func() bool { return count() > 0 })
	// The server may answer with what it falls back to; each version comes once.
	time.Sleep(2 * quiet)
	settled := count()
	time.Sleep(2 * quiet)
	if now := count(); now != settled {
		t.Errorf("the server sends what was rejected again and again: %d times, then %d", settled, now)
	}

	mutex.Lock()
	rejecting = false
	mutex.Unlock()
	h.write("route-a", routeYAML("a", "accepted.example.com", "/", "a"))
	eventually(t, "the corrected route", func() bool { return slices.Contains(state.domains(), "accepted.example.com") })
}
