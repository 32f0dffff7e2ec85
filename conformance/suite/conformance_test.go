package suite

import (
	"flag"
	"io"
	"os"
	"testing"

	"k8s.io/apimachinery/pkg/util/sets"
	"sigs.k8s.io/controller-runtime/pkg/client"
	gatewayv1 "sigs.k8s.io/gateway-api/apis/v1"
	"sigs.k8s.io/gateway-api/conformance"
	confv1 "sigs.k8s.io/gateway-api/conformance/apis/v1"
	"sigs.k8s.io/gateway-api/conformance/tests"
	"sigs.k8s.io/gateway-api/conformance/utils/suite"
	"sigs.k8s.io/gateway-api/pkg/features"
)

var resultsOutput = flag.String("results-output", "", "file that gets a line for each test when it ends")

// profiles are all that are about gateways.
var profiles = []suite.ConformanceProfileName{
	suite.GatewayHTTPConformanceProfileName,
	suite.GatewayGRPCConformanceProfileName,
	suite.GatewayTLSConformanceProfileName,
	suite.GatewayTCPConformanceProfileName,
	suite.GatewayUDPConformanceProfileName,
}

// TestConformance runs the official suite. Its flags choose the class, the addresses, the version and the report.
func TestConformance(t *testing.T) {
	options := conformance.DefaultOptions(t)
	options.ConformanceProfiles = profiles
	options.Implementation = confv1.Implementation{
		Organization: "headgate",
		Project:      "headgate",
		URL:          "https://headgate.dev",
		Version:      options.Implementation.Version,
		Contact:      []string{"https://headgate.dev"},
	}

	results := openResults(t)
	record := func(outcome Outcome, test string) {
		if err := results.Record(outcome, test); err != nil {
			t.Errorf("writing the outcome of %s: %v", test, err)
		}
	}
	planned := sets.New[string]()
	for _, test := range GatewayTests(tests.ConformanceTests) {
		if options.RunTest == "" || options.RunTest == test.ShortName {
			planned.Insert(test.ShortName)
			record(Planned, test.ShortName)
		}
	}
	options.Hook = func(t *testing.T, test suite.ConformanceTest, _ *suite.ConformanceTestSuite) {
		switch {
		case !planned.Has(test.ShortName):
		case t.Failed():
			record(Failed, test.ShortName)
		case t.Skipped():
			record(Skipped, test.ShortName)
		default:
			record(Passed, test.ShortName)
		}
	}
	conformance.RunConformanceWithOptions(t, options)
}

// TestSupportedFeatures fails when the class under test leaves out a feature that has tests: the suite would quietly skip them.
func TestSupportedFeatures(t *testing.T) {
	options := conformance.DefaultOptions(t)
	var class gatewayv1.GatewayClass
	if err := options.Client.Get(t.Context(), client.ObjectKey{Name: options.GatewayClassName}, &class); err != nil {
		t.Fatalf("reading the GatewayClass under test: %v", err)
	}
	claimed := sets.New[features.FeatureName]()
	for _, feature := range class.Status.SupportedFeatures {
		claimed.Insert(features.FeatureName(feature.Name))
	}
	if missing := TestedFeatures(tests.ConformanceTests).Difference(claimed); missing.Len() > 0 {
		t.Errorf("GatewayClass %s does not claim %v", class.Name, sets.List(missing))
	}
	if unknown := claimed.Difference(GatewayFeatures()); unknown.Len() > 0 {
		t.Errorf("GatewayClass %s claims what is not a feature of gateways: %v", class.Name, sets.List(unknown))
	}
}

func openResults(t *testing.T) *Results {
	if *resultsOutput == "" {
		return NewResults(io.Discard)
	}
	file, err := os.Create(*resultsOutput)
	if err != nil {
		t.Fatalf("--results-output: %v", err)
	}
	t.Cleanup(func() {
		if err := file.Close(); err != nil {
			t.Errorf("--results-output: %v", err)
		}
	})
	return NewResults(file)
}
