// Command validation answers what an API server would do with objects of custom resources: it runs the server's own code on them.
//
// Arguments are files with CustomResourceDefinitions. The first line of output lists what the server would say against the definitions
// themselves; then each line of input is an object, and each line of output what became of it.
package main

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"os"

	"k8s.io/apiextensions-apiserver/pkg/apis/apiextensions"
	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	definitionvalidation "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/validation"
	"k8s.io/apiextensions-apiserver/pkg/apiserver/schema"
	"k8s.io/apiextensions-apiserver/pkg/apiserver/schema/cel"
	"k8s.io/apiextensions-apiserver/pkg/apiserver/schema/defaulting"
	"k8s.io/apiextensions-apiserver/pkg/apiserver/schema/listtype"
	"k8s.io/apiextensions-apiserver/pkg/apiserver/schema/pruning"
	"k8s.io/apiextensions-apiserver/pkg/apiserver/validation"
	"k8s.io/apimachinery/pkg/util/validation/field"
	celconfig "k8s.io/apiserver/pkg/apis/cel"
	"sigs.k8s.io/yaml"
)

// version is what the server keeps of one version of a kind.
type version struct {
	structural *schema.Structural
	validator  validation.SchemaValidator
	rules      *cel.Validator
}

type request struct {
	Kind, Version string
	Object        map[string]any
}

type mistake struct {
	Field  string `json:"field"`
	Type   string `json:"type"`
	Detail string `json:"detail"`
}

type answer struct {
	// Object is the object with defaults and without unknown fields.
	Object  map[string]any `json:"object"`
	Errors  []mistake      `json:"errors"`
	Unknown []string       `json:"unknown"`
}

func main() {
	if err := run(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run(files []string) error {
	versions := map[string]version{}
	complaints := []string{}
	for _, file := range files {
		found, err := load(file, versions)
		if err != nil {
			return fmt.Errorf("%s: %w", file, err)
		}
		complaints = append(complaints, found...)
	}
	out := json.NewEncoder(os.Stdout)
	if err := out.Encode(complaints); err != nil {
		return err
	}
	in := bufio.NewScanner(os.Stdin)
	in.Buffer(nil, 64<<20)
	for in.Scan() {
		var asked request
		if err := json.Unmarshal(in.Bytes(), &asked); err != nil {
			return err
		}
		found, ok := versions[asked.Kind+"/"+asked.Version]
		if !ok {
			return fmt.Errorf("no definition has %s in version %s", asked.Kind, asked.Version)
		}
		if err := out.Encode(found.admit(asked.Object)); err != nil {
			return err
		}
	}
	return in.Err()
}

// load reads the definition in a file, adds its versions and returns what the server would say against it.
func load(file string, versions map[string]version) ([]string, error) {
	text, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	external := &apiextensionsv1.CustomResourceDefinition{}
	if err := yaml.Unmarshal(text, external); err != nil {
		return nil, err
	}
	if external.Kind != "CustomResourceDefinition" {
		return nil, nil
	}
	apiextensionsv1.SetDefaults_CustomResourceDefinition(external)
	apiextensionsv1.SetDefaults_CustomResourceDefinitionSpec(&external.Spec)
	definition := &apiextensions.CustomResourceDefinition{}
	if err := apiextensionsv1.Convert_v1_CustomResourceDefinition_To_apiextensions_CustomResourceDefinition(external, definition, nil); err != nil {
		return nil, err
	}
	complaints := []string{}
	for _, complaint := range definitionvalidation.ValidateCustomResourceDefinition(context.Background(), definition) {
		// The server itself writes which versions are stored.
		if complaint.Field != "status.storedVersions" {
			complaints = append(complaints, external.Name+": "+complaint.Error())
		}
	}
	for _, each := range external.Spec.Versions {
		internal := &apiextensions.JSONSchemaProps{}
		if err := apiextensionsv1.Convert_v1_JSONSchemaProps_To_apiextensions_JSONSchemaProps(each.Schema.OpenAPIV3Schema, internal, nil); err != nil {
			return nil, err
		}
		structural, err := schema.NewStructural(internal)
		if err != nil {
			return nil, err
		}
		validator, _, err := validation.NewSchemaValidator(internal)
		if err != nil {
			return nil, err
		}
		rules := cel.NewValidator(structural, true, celconfig.PerCallLimit)
		versions[external.Spec.Names.Kind+"/"+each.Name] = version{structural, validator, rules}
	}
	return complaints, nil
}

// admit does what the server does with an object that is created, in the server's order.
func (v version) admit(object map[string]any) answer {
	wholeNumbers(object)
	options := schema.UnknownFieldPathOptions{TrackUnknownFieldPaths: true}
	unknown := pruning.PruneWithOptions(object, v.structural, true, options)
	defaulting.PruneNonNullableNullsWithoutDefaults(object, v.structural)
	defaulting.Default(object, v.structural)
	found := validation.ValidateCustomResource(nil, object, v.validator)
	found = append(found, listtype.ValidateListSetsAndMaps(nil, v.structural, object)...)
	if !blocksRules(found) {
		broken, _ := v.rules.Validate(context.Background(), nil, v.structural, object, nil, celconfig.RuntimeCELCostBudget)
		found = append(found, broken...)
	}
	mistakes := []mistake{}
	for _, each := range found {
		mistakes = append(mistakes, mistake{each.Field, string(each.Type), each.Detail})
	}
	return answer{object, mistakes, unknown}
}

// blocksRules is the server's own list of mistakes after which no rule is evaluated.
func blocksRules(found field.ErrorList) bool {
	for _, each := range found {
		switch each.Type {
		case field.ErrorTypeNotSupported, field.ErrorTypeRequired, field.ErrorTypeTooLong, field.ErrorTypeTooMany, field.ErrorTypeTypeInvalid:
			return true
		}
	}
	return false
}

// wholeNumbers makes integers of numbers without a fraction, as the server's decoder does.
func wholeNumbers(value any) any {
	switch typed := value.(type) {
	case map[string]any:
		for key, child := range typed {
			typed[key] = wholeNumbers(child)
		}
	case []any:
		for index, child := range typed {
			typed[index] = wholeNumbers(child)
		}
	case float64:
		if typed == float64(int64(typed)) {
			return int64(typed)
		}
	}
	return value
}
