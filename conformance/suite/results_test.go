package suite

import (
	"strings"
	"testing"

	"sigs.k8s.io/gateway-api/conformance/tests"
	"sigs.k8s.io/gateway-api/pkg/features"
)

// The suite of the version that go.mod names has 170 tests. A new version must be looked at, not just counted.
func TestPlanCoversEveryGatewayTest(t *testing.T) {
	if got := len(GatewayTests(tests.ConformanceTests)); got != 147 {
		t.Errorf("expected 147 tests about gateways, got %d of %d", got, len(tests.ConformanceTests))
	}
}

func TestTestedFeaturesAreFeaturesOfGateways(t *testing.T) {
	tested := TestedFeatures(tests.ConformanceTests)
	if !GatewayFeatures().IsSuperset(tested) || tested.Len() < 50 {
		t.Errorf("expected 50 or more features of gateways, got %d: %v", tested.Len(), tested)
	}
}

func TestGatewayFeaturesLeaveOutTheMesh(t *testing.T) {
	names := GatewayFeatures()
	if !names.Has(features.SupportGateway) || names.Has(features.SupportMesh) {
		t.Errorf("expected Gateway and not Mesh among %v", names)
	}
}

func TestResultsAreLines(t *testing.T) {
	var out strings.Builder
	results := NewResults(&out)
	if err := results.Record(Passed, "HTTPRouteWeight"); err != nil {
		t.Fatal(err)
	}
	if got, want := out.String(), "pass HTTPRouteWeight\n"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}
