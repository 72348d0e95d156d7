// RUN: sluice-opt %s --split-input-file --verify-diagnostics --sluice-flatten=keep=hidden

// expected-error @below {{expected a function with the attribute plan.entry, found none}}
module {}

// -----

// expected-note @below {{the first is here}}
func.func @one() attributes {plan.entry} { return }
// expected-error @below {{expected one function with plan.entry, this is the second}}
func.func @two() attributes {plan.entry} { return }

// -----

// expected-error @below {{expected the entry to have one block}}
func.func @step() attributes {plan.entry} {
  cf.br ^next
^next:
  return
}

// -----

func.func private @kind(tensor<?x8xf32>) -> tensor<?x8xf32>
func.func @step(%x: tensor<?x8xf32>) -> tensor<?x8xf32> attributes {plan.entry} {
  // expected-error @below {{expected @kind to be a function of one block}}
  %y = call @kind(%x) : (tensor<?x8xf32>) -> tensor<?x8xf32>
  return %y : tensor<?x8xf32>
}

// -----

func.func private @a(%x: tensor<?x8xf32>) -> tensor<?x8xf32> {
  %y = call @b(%x) : (tensor<?x8xf32>) -> tensor<?x8xf32>
  return %y : tensor<?x8xf32>
}
// expected-note @below {{it is defined here}}
func.func private @b(%x: tensor<?x8xf32>) -> tensor<?x8xf32> {
  %y = call @c(%x) : (tensor<?x8xf32>) -> tensor<?x8xf32>
  return %y : tensor<?x8xf32>
}
func.func private @c(%x: tensor<?x8xf32>) -> tensor<?x8xf32> {
  // expected-error @below {{a kind of block cannot call itself, @b does}}
  %y = call @b(%x) : (tensor<?x8xf32>) -> tensor<?x8xf32>
  return %y : tensor<?x8xf32>
}
func.func @step(%x: tensor<?x8xf32>) -> tensor<?x8xf32> attributes {plan.entry} {
  %y = call @a(%x) : (tensor<?x8xf32>) -> tensor<?x8xf32>
  return %y : tensor<?x8xf32>
}

// -----

func.func @step(%x: tensor<?x8xf32>) -> (tensor<?x8xf32>, tensor<?x8xf32>) attributes {plan.entry} {
  // expected-error @below {{expected the entry to return one tensor, the logits, got 'tensor<?x8xf32>', 'tensor<?x8xf32>'}}
  return %x, %x : tensor<?x8xf32>, tensor<?x8xf32>
}

// -----

func.func @step(%x: tensor<?x8xf32> {plan.rows = #plan.expr<T>}) -> tensor<?x8xf32> attributes {plan.entry} {
  %s = plan.scope "a."
  // expected-error @below {{expected a scope with a layer to fill "{}" of the name "hidden.{}"}}
  plan.probe %s "hidden.{}" %x : tensor<?x8xf32>
  return %x : tensor<?x8xf32>
}

// -----

func.func @step(%x: tensor<?x8xf32> {plan.rows = #plan.expr<T>}) -> tensor<?x8xf32> attributes {plan.entry} {
  %s = plan.scope "a.{}." at 1
  plan.probe %s "hidden.{}" %x : tensor<?x8xf32>
  // expected-error @below {{expected one output "hidden.1", got two}}
  plan.probe %s "hidden.1" %x : tensor<?x8xf32>
  return %x : tensor<?x8xf32>
}

// -----

// expected-error @below {{nothing to keep is called "hidden": no probe has that name before its first dot}}
func.func @step(%x: tensor<?x8xf32> {plan.rows = #plan.expr<T>}) -> tensor<?x8xf32> attributes {plan.entry} {
  %s = plan.scope "a."
  plan.probe %s "hiddenness.0" %x : tensor<?x8xf32>
  return %x : tensor<?x8xf32>
}

// -----

// expected-error @below {{expected rows that follow from the plan.rows of the entry's arguments, this 'tensor<?x8xf32>' has none}}
func.func @step(%x: tensor<?x8xf32>) -> tensor<?x8xf32> attributes {plan.entry} {
  %s = plan.scope "a."
  plan.probe %s "hidden" %x : tensor<?x8xf32>
  return %x : tensor<?x8xf32>
}

// -----

func.func @step(%x: tensor<?x8xf32> {plan.rows = #plan.expr<T>}, %s: !plan.scope) -> tensor<?x8xf32> attributes {plan.entry} {
  %in = plan.scope %s "a."
  plan.probe %in "hidden" %x : tensor<?x8xf32>
  // expected-error @below {{expected a scope made by plan.scope in the flat step}}
  %w = plan.param %in "w" : tensor<8xf32>
  return %x : tensor<?x8xf32>
}

// -----

func.func @step(%x: tensor<?x8xf32> {plan.rows = #plan.expr<T>}) -> tensor<?x8xf32> attributes {plan.entry} {
  %s = plan.scope "a.{}." at 1
  plan.probe %s "hidden" %x : tensor<?x8xf32>
  // expected-error @below {{expected "{}" in a scope's prefix, where `at` fills it, got it in the leaf "w{}"}}
  %w = plan.param %s "w{}" : tensor<8xf32>
  return %x : tensor<?x8xf32>
}

// -----

func.func @step(%x: tensor<?x8xf32> {plan.rows = #plan.expr<T>}) -> tensor<?x8xf32> attributes {plan.entry} {
  %s = plan.scope "a.{}." at 1
  plan.probe %s "hidden" %x : tensor<?x8xf32>
  // expected-note @below {{the same name is a 'tensor<8xf32>' here}}
  %w = plan.param %s "w" : tensor<8xf32>
  // expected-error @below {{expected one type for each name, got 'tensor<8xbf16>'}}
  %v = plan.param %s "w" : tensor<8xbf16>
  return %x : tensor<?x8xf32>
}

// -----

func.func @step(%x: tensor<?x8xf32> {plan.rows = #plan.expr<T>}) -> tensor<?x8xf32> attributes {plan.entry} {
  %s = plan.scope "a.{}." at 1
  plan.probe %s "hidden" %x : tensor<?x8xf32>
  // expected-note @below {{the same name is a '!plan.log<8xf32 keep 4>' here}}
  %w = plan.log %s "w" : !plan.log<8xf32 keep 4>
  // expected-error @below {{expected one type for each name, got '!plan.log<8xf32 keep 8>'}}
  %v = plan.log %s "w" : !plan.log<8xf32 keep 8>
  return %x : tensor<?x8xf32>
}

// -----

// L1: one writer a log.
func.func @step(%x: tensor<?x8xf32> {plan.rows = #plan.expr<T>}, %p: tensor<?xi32>) -> tensor<?x8xf32> attributes {plan.entry} {
  %b = plan.batch %p, %p, %p : tensor<?xi32>, tensor<?xi32>, tensor<?xi32>
  %s = plan.scope "a.{}." at 1
  plan.probe %s "hidden" %x : tensor<?x8xf32>
  %w = plan.log %s "w" : !plan.log<8xf32 keep 4>
  %v = plan.log %s "w" : !plan.log<8xf32 keep 4>
  // expected-note @below {{the first is here}}
  attn.commit %x to %w at %b : (tensor<?x8xf32>) to !plan.log<8xf32 keep 4>
  // expected-error @below {{law L1: expected one writer a log, this is the second}}
  attn.commit %x to %v at %b : (tensor<?x8xf32>) to !plan.log<8xf32 keep 4>
  return %x : tensor<?x8xf32>
}

// -----

func.func @step(%x: tensor<?x8xf32> {plan.rows = #plan.expr<T>}, %p: tensor<?xi32>, %w: !plan.log<8xf32 keep 4>) -> tensor<?x8xf32> attributes {plan.entry} {
  %b = plan.batch %p, %p, %p : tensor<?xi32>, tensor<?xi32>, tensor<?xi32>
  %s = plan.scope "a.{}." at 1
  plan.probe %s "hidden" %x : tensor<?x8xf32>
  // expected-error @below {{expected a log that goes back to a plan.handle}}
  attn.commit %x to %w at %b : (tensor<?x8xf32>) to !plan.log<8xf32 keep 4>
  return %x : tensor<?x8xf32>
}

// -----

// L3: a ring that is read is written.
func.func @step(%x: tensor<?x8xf32> {plan.rows = #plan.expr<T>}, %p: tensor<?xi32>) -> tensor<?x8xf32> attributes {plan.entry} {
  %b = plan.batch %p, %p, %p : tensor<?xi32>, tensor<?xi32>, tensor<?xi32>
  %s = plan.scope "a.{}." at 1
  plan.probe %s "hidden" %x : tensor<?x8xf32>
  %w = plan.log %s "w" : !plan.log<8xf32 keep 4>
  // expected-error @below {{law L3: expected an attn.commit of the ring this op reads, found none}}
  %o = attn.attend %x at %b over ring(%w, %x) heads = 1 scale = 1.0
    : tensor<?x8xf32>, !plan.batch, !plan.log<8xf32 keep 4>, tensor<?x8xf32> -> tensor<?x8xf32>
  return %o : tensor<?x8xf32>
}

// -----

// L3: the rows that are read are the rows that are stored.
func.func @step(%x: tensor<?x8xf32> {plan.rows = #plan.expr<T>}, %p: tensor<?xi32>) -> tensor<?x8xf32> attributes {plan.entry} {
  %b = plan.batch %p, %p, %p : tensor<?xi32>, tensor<?xi32>, tensor<?xi32>
  %s = plan.scope "a.{}." at 1
  plan.probe %s "hidden" %x : tensor<?x8xf32>
  %w = plan.log %s "w" : !plan.log<8xf32 keep 4>
  %y = hc.norm %x eps = 1.0e-6 : tensor<?x8xf32> -> tensor<?x8xf32>
  // expected-error @below {{law L3: expected the rows that the ring's commit stores, got others}}
  %o = attn.attend %x at %b over ring(%w, %x) heads = 1 scale = 1.0
    : tensor<?x8xf32>, !plan.batch, !plan.log<8xf32 keep 4>, tensor<?x8xf32> -> tensor<?x8xf32>
  // expected-note @below {{the commit is here}}
  attn.commit %y to %w at %b : (tensor<?x8xf32>) to !plan.log<8xf32 keep 4>
  return %o : tensor<?x8xf32>
}

// -----

// L3 holds for tails too: both parts, in order.
func.func @step(%x: tensor<?x8xf32> {plan.rows = #plan.expr<T>}, %p: tensor<?xi32>) -> tensor<?x8xf32> attributes {plan.entry} {
  %b = plan.batch %p, %p, %p : tensor<?xi32>, tensor<?xi32>, tensor<?xi32>
  %s = plan.scope "a.{}." at 1
  plan.probe %s "hidden" %x : tensor<?x8xf32>
  %n = plan.param %s "n" : tensor<8xf32>
  %t = plan.log %s "t" : !plan.log<2x8xf32 keep 4>
  %e = plan.log %s "e" : !plan.log<8xf32 every 4>
  %y = hc.norm %x eps = 1.0e-6 : tensor<?x8xf32> -> tensor<?x8xf32>
  // expected-error @below {{law L3: expected the rows that the ring's commit stores, got others}}
  %c = attn.compress %x, %y norm %n tail %t into %e at %b by <tail [1.0]> eps = 1.0e-6
    : tensor<?x8xf32>, tensor<?x8xf32>, tensor<8xf32>, !plan.log<2x8xf32 keep 4>, !plan.log<8xf32 every 4>, !plan.batch -> !plan.log<8xf32 every 4>
  // expected-note @below {{the commit is here}}
  attn.commit %y, %x to %t at %b : (tensor<?x8xf32>, tensor<?x8xf32>) to !plan.log<2x8xf32 keep 4>
  return %x : tensor<?x8xf32>
}

// -----

// L5: entries of this step are seen through the returned handle only.
func.func @step(%x: tensor<?x8xf32> {plan.rows = #plan.expr<T>}, %p: tensor<?xi32>) -> tensor<?x8xf32> attributes {plan.entry} {
  %b = plan.batch %p, %p, %p : tensor<?xi32>, tensor<?xi32>, tensor<?xi32>
  %s = plan.scope "a.{}." at 1
  plan.probe %s "hidden" %x : tensor<?x8xf32>
  %n = plan.param %s "n" : tensor<8xf32>
  %w = plan.log %s "w" : !plan.log<8xf32 keep 4>
  %t = plan.log %s "t" : !plan.log<2x8xf32 keep 4>
  %e = plan.log %s "e" : !plan.log<8xf32 every 4>
  // expected-note @below {{it is written here}}
  %c = attn.compress %x, %x norm %n tail %t into %e at %b by <tail [1.0]> eps = 1.0e-6
    : tensor<?x8xf32>, tensor<?x8xf32>, tensor<8xf32>, !plan.log<2x8xf32 keep 4>, !plan.log<8xf32 every 4>, !plan.batch -> !plan.log<8xf32 every 4>
  // expected-error @below {{law L5: expected the handle that the writer of this paged log returned, got the plain one}}
  %o = attn.attend %x at %b over ring(%w, %x) entries %e heads = 1 scale = 1.0
    : tensor<?x8xf32>, !plan.batch, !plan.log<8xf32 keep 4>, tensor<?x8xf32>, !plan.log<8xf32 every 4> -> tensor<?x8xf32>
  attn.commit %x to %w at %b : (tensor<?x8xf32>) to !plan.log<8xf32 keep 4>
  attn.commit %x, %x to %t at %b : (tensor<?x8xf32>, tensor<?x8xf32>) to !plan.log<2x8xf32 keep 4>
  return %o : tensor<?x8xf32>
}
