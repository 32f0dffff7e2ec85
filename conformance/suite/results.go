// Package suite runs the official Gateway API conformance suite against Headgate, in all its gateway profiles.
package suite

import (
	"fmt"
	"io"
	"slices"
	"sync"

	"k8s.io/apimachinery/pkg/util/sets"
	"sigs.k8s.io/gateway-api/conformance/utils/suite"
	"sigs.k8s.io/gateway-api/pkg/features"
)

// Outcome is how a test ended.
type Outcome string

// The outcomes of a test. A planned test without an outcome did not run.
const (
	Planned Outcome = "plan"
	Passed  Outcome = "pass"
	Failed  Outcome = "fail"
	Skipped Outcome = "skip"
)

// Results writes a line `OUTCOME NAME` for each test, first the plan and then every test when it ends, so that a reader
// knows what did not run even if the process is cut short.
type Results struct {
	mutex sync.Mutex
	out   io.Writer
}

// NewResults returns results that write to out. They may be used by tests that run in parallel.
func NewResults(out io.Writer) *Results { return &Results{out: out} }

// Record writes the outcome of one test.
func (r *Results) Record(outcome Outcome, test string) error {
	r.mutex.Lock()
	defer r.mutex.Unlock()
	_, err := fmt.Fprintf(r.out, "%s %s\n", outcome, test)
	return err
}

// GatewayTests are the tests of the suite that are about gateways: all but those of the mesh profiles.
func GatewayTests(all []suite.ConformanceTest) []suite.ConformanceTest {
	mesh := features.SetsToNamesSet(features.MeshCoreFeatures, features.MeshExtendedFeatures)
	return slices.DeleteFunc(slices.Clone(all), func(test suite.ConformanceTest) bool { return mesh.HasAny(test.Features...) })
}

// TestedFeatures are the names of the features that some test about gateways needs.
func TestedFeatures(all []suite.ConformanceTest) sets.Set[features.FeatureName] {
	names := sets.New[features.FeatureName]()
	for _, test := range GatewayTests(all) {
		names.Insert(test.Features...)
	}
	return names
}

// GatewayFeatures are the names of all features of the Gateway API but those of a mesh.
func GatewayFeatures() sets.Set[features.FeatureName] {
	mesh := features.SetsToNamesSet(features.MeshCoreFeatures, features.MeshExtendedFeatures)
	return features.SetsToNamesSet(features.AllFeatures).Difference(mesh)
}
