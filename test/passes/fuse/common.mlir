// Common and dead computation: MLIR's own passes see through our ops, and find
// nothing in the steps of our checkpoints, so no pass of the pipeline looks.

// RUN: sluice-opt %s --cse | FileCheck %s

// CHECK-LABEL: func.func @twice
// CHECK: %[[N:.+]] = hc.norm
// CHECK-NOT: hc.norm
// CHECK: return %[[N]], %[[N]]
func.func @twice(%x: tensor<?x8xf32>) -> (tensor<?x8xf32>, tensor<?x8xf32>) {
  %a = hc.norm %x eps = 1.0e-6 : tensor<?x8xf32> -> tensor<?x8xf32>
  %b = hc.norm %x eps = 1.0e-6 : tensor<?x8xf32> -> tensor<?x8xf32>
  return %a, %b : tensor<?x8xf32>, tensor<?x8xf32>
}

// CHECK-LABEL: func.func @unused
// CHECK-NOT: hc.norm
// CHECK: return
func.func @unused(%x: tensor<?x8xf32>) -> tensor<?x8xf32> {
  %a = hc.norm %x eps = 1.0e-6 : tensor<?x8xf32> -> tensor<?x8xf32>
  return %x : tensor<?x8xf32>
}

// DEFINE: %{model} =
// DEFINE: %{numerics} =
// DEFINE: %{same} = sluice-compile %root/test/%{model} --numerics=%{numerics} --stop-after=numerics | sluice-opt -o %t.step && sluice-opt --cse %t.step | cmp - %t.step && sluice-opt --remove-dead-values %t.step | cmp - %t.step

// REDEFINE: %{model} = golden/v4-base
// REDEFINE: %{numerics} = exact
// RUN: %{same}
// REDEFINE: %{numerics} = native
// RUN: %{same}
// REDEFINE: %{model} = golden/v4-runtime
// RUN: %{same}
// REDEFINE: %{model} = models/tiny-v4
// REDEFINE: %{numerics} = exact
// RUN: %{same}
// REDEFINE: %{numerics} = native
// RUN: %{same}
