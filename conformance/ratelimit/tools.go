//go:build tools

// Package ratelimit pins the rate limit service that tests run.
package ratelimit

import _ "github.com/envoyproxy/ratelimit/src/service_cmd"
