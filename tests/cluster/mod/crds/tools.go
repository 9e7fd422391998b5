//go:build tools

// Package crds names the modules that custom resources are defined in.
package crds

import (
	_ "github.com/fluxcd/flagger/pkg/apis/flagger/v1beta1"
	_ "github.com/fluxcd/helm-controller/api/v2"
	_ "github.com/prometheus-operator/prometheus-operator/pkg/versionutil"
	_ "sigs.k8s.io/controller-tools/cmd/controller-gen"
	_ "sigs.k8s.io/gateway-api/apis/v1"
)
