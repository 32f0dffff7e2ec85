// Package xds drives Headgate's ADS server with clients that others wrote: Istio's adsc, delta and state of the world, and the
// client of go-control-plane. Each test runs the real program on a folder of its own.
package xds

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// patience is how long anything may take on a busy machine.
const patience = 30 * time.Second

// quiet is how long nothing must happen to call it quiet.
const quiet = time.Second

const gatewayYAML = `
apiVersion: gateway.networking.k8s.io/v1
kind: GatewayClass
metadata: { name: headgate }
spec: { controllerName: headgate.dev/gateway-controller }
---
apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata: { name: web, namespace: default }
spec:
  gatewayClassName: headgate
  listeners: [{ name: http, port: 18080, protocol: HTTP }]
`

// backendYAML is a backend with one endpoint on the loopback interface.
func backendYAML(name string, port int) string {
	return fmt.Sprintf(`
apiVersion: headgate.dev/v1alpha1
kind: Backend
metadata: { name: %s, namespace: default }
spec: { endpoints: [{ ip: { address: 127.0.0.1, port: %d } }] }
`, name, port)
}

// routeYAML is a route from a host to a backend.
func routeYAML(name, host, path, backend string) string {
	return fmt.Sprintf(`
apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata: { name: %s, namespace: default }
spec:
  parentRefs: [{ name: web }]
  hostnames: [%s]
  rules:
    - matches: [{ path: { type: PathPrefix, value: %s } }]
      backendRefs: [{ group: headgate.dev, kind: Backend, name: %s }]
`, name, host, path, backend)
}

// headgate is the program under test and the folder that it watches.
type headgate struct {
	t       *testing.T
	folder  string
	address string
}

// start runs the program on a gateway with one route, and stops it with the test.
func start(t *testing.T) *headgate {
	t.Helper()
	h := &headgate{t: t, folder: t.TempDir(), address: freeAddress(t)}
	h.write("gateway", gatewayYAML)
	h.write("backend-a", backendYAML("a", 19901))
	h.write("route-a", routeYAML("a", "a.example.com", "/", "a"))

	_, port, _ := net.SplitHostPort(h.address)
	command := os.Getenv("HEADGATE")
	if command == "" {
		command = "../../node_modules/.bin/node ../../dist/headgate.mjs"
	}
	words := append(strings.Fields(command), "--resources", h.folder, "--no-envoy", "--xds-port", port, "--xds-plaintext", "--admin-port", "0", "--state", t.TempDir())
	process := exec.Command(words[0], words[1:]...)
	log := &lockedBuffer{}
	process.Stdout, process.Stderr = log, log
	if err := process.Start(); err != nil {
		t.Fatalf("starting %q: %v. Build it with `npm run build`, or name another in $HEADGATE", command, err)
	}
	t.Cleanup(func() {
		_ = process.Process.Signal(syscall.SIGTERM)
		timer := time.AfterFunc(patience, func() { _ = process.Process.Kill() })
		defer timer.Stop()
		if err := process.Wait(); err != nil {
			t.Errorf("headgate ended with %v", err)
		}
		if t.Failed() {
			t.Logf("headgate said:\n%s", log)
		}
	})
	eventually(t, "the xDS port to open", func() bool {
		connection, err := net.DialTimeout("tcp", h.address, time.Second)
		if err != nil {
			return false
		}
		return connection.Close() == nil
	})
	return h
}

// write replaces a file of the folder in one step, as editors and volumes do.
func (h *headgate) write(name, text string) {
	h.t.Helper()
	temporary := filepath.Join(h.t.TempDir(), name)
	if err := os.WriteFile(temporary, []byte(text), 0o600); err != nil {
		h.t.Fatal(err)
	}
	if err := os.Rename(temporary, filepath.Join(h.folder, name+".yaml")); err != nil {
		h.t.Fatal(err)
	}
}

func (h *headgate) remove(name string) {
	h.t.Helper()
	if err := os.Remove(filepath.Join(h.folder, name+".yaml")); err != nil {
		h.t.Fatal(err)
	}
}

func eventually(t *testing.T, what string, condition func() bool) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	for !condition() {
		select {
		case <-ctx.Done():
			t.Fatalf("waited %s in vain for %s", patience, what)
		case <-time.After(20 * time.Millisecond):
		}
	}
}

func freeAddress(t *testing.T) string {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	return listener.Addr().String()
}

type lockedBuffer struct {
	mutex sync.Mutex
	bytes bytes.Buffer
}

var _ io.Writer = (*lockedBuffer)(nil)

func (b *lockedBuffer) Write(p []byte) (int, error) {
	b.mutex.Lock()
	defer b.mutex.Unlock()
	return b.bytes.Write(p)
}

func (b *lockedBuffer) String() string {
	b.mutex.Lock()
	defer b.mutex.Unlock()
	return b.bytes.String()
}
