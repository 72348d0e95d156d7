// RUN: sluice-opt %s --split-input-file --verify-diagnostics

// expected-error @below {{expected a symbol (T S L N maxT maxS maxL maxN slots P), got tokens}}
func.func private @expr_symbol() attributes {e = #plan.expr<tokens + 1>}

// -----

// Without parentheses nobody need know which operator binds first.
// expected-error @below {{expected '>'}}
func.func private @expr_without_parentheses() attributes {e = #plan.expr<T + 1 * 2>}

// -----

// expected-error @below {{expected a log row of one or two static dimensions}}
func.func private @log_dimensions(!plan.log<2x2x2xf32>)

// -----

// expected-error @below {{expected a log row of one or two static dimensions}}
func.func private @log_without_columns(!plan.log<0xf32>)

// -----

// expected-error @below {{expected log elements of whole bytes, got 'f4E2M1FN'}}
func.func private @log_elements(!plan.log<8xf4E2M1FN>)

// -----

// expected-error @below {{expected keep >= 0 and every >= 1, got keep 0 every 0}}
func.func private @log_every(!plan.log<8xf32 every 0>)

// -----

// expected-error @below {{expected keep >= 0 and every >= 1, got keep -1 every 1}}
func.func private @log_keep(!plan.log<8xf32 keep -1>)

// -----

// expected-error @below {{a log with keep has one row a token, got every 4}}
func.func private @log_ring_of_entries(!plan.log<8xf32 keep 4 every 4>)

// -----

func.func @scope_c1_hole_without_at() {
  // expected-error @below {{expected "{}" in the prefix exactly where there is an `at`, got prefix "layers.{}." without `at`}}
  %s = plan.scope "layers.{}."
  return
}

// -----

func.func @scope_c1_at_without_hole() {
  // expected-error @below {{expected "{}" in the prefix exactly where there is an `at`, got prefix "layers." with `at`}}
  %s = plan.scope "layers." at 2
  return
}

// -----

func.func @scope_c2_second_hole() {
  %s = plan.scope "layers.{}." at 2
  %t = plan.scope %s "mlp."
  // expected-error @below {{has a second "{}" in its chain of scopes}}
  %u = plan.scope %t "experts.{}." at 1
  return
}

// -----

func.func @param_c1_scaled_without_scale(%s: !plan.scope) {
  // expected-error @below {{expected `scale` exactly where the type is a !scaled.tensor, got '!scaled.tensor<8x64xf8E4M3FN, 128x128xf32>' without `scale`}}
  %w = plan.param %s "w" : !scaled.tensor<8x64xf8E4M3FN, 128x128xf32>
  return
}

// -----

func.func @param_c1_plain_with_scale(%s: !plan.scope) {
  // expected-error @below {{expected `scale` exactly where the type is a !scaled.tensor, got 'tensor<8x8xf32>' with `scale`}}
  %w = plan.param %s "w" scale "s" : tensor<8x8xf32>
  return
}

// -----

func.func @param_c2_experts(%s: !plan.scope) {
  // expected-error @below {{expected three dimensions, experts first, got 'tensor<8x8xf32>'}}
  %w = plan.param %s "e.{e}.w" : tensor<8x8xf32>
  return
}

// -----

func.func @param_c2_rows(%s: !plan.scope) {
  // expected-error @below {{expected three dimensions, experts first, got 'tensor<4x8xf32>'}}
  %w = plan.param %s "w" rows 0 to 4 of 8 : tensor<4x8xf32>
  return
}

// -----

func.func @param_c2_three_dimensions(%s: !plan.scope) {
  // expected-error @below {{expected at most two dimensions, got 'tensor<2x4x8xf32>'}}
  %w = plan.param %s "w" : tensor<2x4x8xf32>
  return
}

// -----

func.func @param_c3_rows_past_the_end(%s: !plan.scope) {
  // expected-error @below {{expected rows a to b of p with 0 <= a < b <= p and b - a = 4, got rows 6 to 10 of 8}}
  %w = plan.param %s "w" rows 6 to 10 of 8 : tensor<2x4x8xf32>
  return
}

// -----

func.func @param_c3_negative_row(%s: !plan.scope) {
  // expected-error @below {{got rows -1 to 3 of 8}}
  %w = plan.param %s "w" rows -1 to 3 of 8 : tensor<2x4x8xf32>
  return
}

// -----

func.func @param_c3_count(%s: !plan.scope) {
  // expected-error @below {{b - a = 4, got rows 0 to 5 of 8}}
  %w = plan.param %s "w" rows 0 to 5 of 8 : tensor<2x4x8xf32>
  return
}

// -----

func.func @param_type(%s: !plan.scope) {
  // expected-error @below {{expected a tensor or !scaled.tensor, got 'i32'}}
  %w = plan.param %s "w" : i32
  return
}

// -----

func.func @weight_c1_without_stack() {
  // expected-error @below {{expected @w to be a plan.stack}}
  %w = plan.weight @w[0] : tensor<8xf32>
  return
}

// -----

plan.stack @w "w" layers [] : tensor<8xf32>
func.func @weight_c1_type() {
  // expected-error @below {{has type 'tensor<9xf32>', the stack has 'tensor<8xf32>'}}
  %w = plan.weight @w[0] : tensor<9xf32>
  return
}

// -----

plan.stack @w "{}" layers [3, 4] : tensor<8xf32>
func.func @weight_c2_layer() {
  // expected-error @below {{expected a layer position in [0, 2), got 3}}
  %w = plan.weight @w[3] : tensor<8xf32>
  return
}

// -----

plan.stack @w "w" layers [] : tensor<8xf32>
func.func @handle_c1_of_a_stack() {
  // expected-error @below {{expected @w to be a plan.state}}
  %w = plan.handle @w[0] : !plan.log<8xf32>
  return
}

// -----

plan.state @s "s" layers [] : !plan.log<8xf32>
func.func @handle_c1_type() {
  // expected-error @below {{has type '!plan.log<8xf32 every 4>', the state has '!plan.log<8xf32>'}}
  %w = plan.handle @s[0] : !plan.log<8xf32 every 4>
  return
}

// -----

plan.state @s "s" layers [] : !plan.log<8xf32>
func.func @handle_c2_layer() {
  // expected-error @below {{expected a layer position in [0, 1), got -1}}
  %w = plan.handle @s[-1] : !plan.log<8xf32>
  return
}

// -----

func.func @launch_c1_of_a_function(%x: tensor<?x8xf32>) {
  // expected-error @below {{expected @launch_c1_of_a_function to be a plan.kernel}}
  plan.launch @launch_c1_of_a_function(%x) rows [] : (tensor<?x8xf32>) -> ()
  return
}

// -----

!h = tensor<?x8xf32>
plan.kernel @norm(%x: !h) rows #plan.expr<T> {
  %y = hc.norm %x eps = 1.0 : !h -> !h
  plan.yield %y : !h
}
func.func @launch_c2_operands(%x: tensor<?x9xf32>) {
  // expected-error @below {{operand types differ from the arguments of @norm}}
  %y = plan.launch @norm(%x) rows [#plan.expr<T>] : (tensor<?x9xf32>) -> !h
  return
}

// -----

!h = tensor<?x8xf32>
plan.kernel @norm(%x: !h) rows #plan.expr<T> {
  %y = hc.norm %x eps = 1.0 : !h -> !h
  plan.yield %y : !h
}
func.func @launch_c2_results(%x: !h) {
  // expected-error @below {{result types differ from what @norm yields}}
  plan.launch @norm(%x) rows [] : (!h) -> ()
  return
}

// -----

!h = tensor<?x8xf32>
plan.kernel @norm(%x: !h) rows #plan.expr<T> {
  %y = hc.norm %x eps = 1.0 : !h -> !h
  plan.yield %y : !h
}
func.func @launch_c3_rows(%x: !h) {
  // expected-error @below {{expected rows of 1 results, got 2}}
  %y = plan.launch @norm(%x) rows [#plan.expr<T>, #plan.expr<T>] : (!h) -> !h
  return
}

// -----

// expected-error @below {{expected ops and a plan.yield in its body, got 1 ops}}
plan.kernel @kernel_c1_empty() rows #plan.expr<1> {
  plan.yield
}

// -----

plan.kernel @kernel_c2_no_rows(%x: tensor<?x8xf32>) rows #plan.expr<T> {
  // expected-error @below {{expected plan.rows, its rows, as it shares its kernel}}
  %a = hc.norm %x eps = 1.0 : tensor<?x8xf32> -> tensor<?x8xf32>
  %b = hc.norm %a eps = 1.0 : tensor<?x8xf32> -> tensor<?x8xf32>
  plan.yield %b : tensor<?x8xf32>
}

// -----

// expected-error @below {{expected ops and a plan.yield in its body, got 1 ops}}
plan.kernel @kernel_c1_without_yield(%x: tensor<?x8xf32>) rows #plan.expr<T> {
  %a = hc.norm %x eps = 1.0 : tensor<?x8xf32> -> tensor<?x8xf32>
}

// -----

func.func @dispatch_c1(%x: tensor<?x8xf32>) {
  // expected-error @below {{expected its body to end with a plan.yield}}
  plan.dispatch "d" {
    %a = hc.norm %x eps = 1.0 : tensor<?x8xf32> -> tensor<?x8xf32>
  }
  return
}

// -----

func.func @dispatch_c2(%x: tensor<?x8xf32>) {
  // expected-error @below {{expected results of the types it yields}}
  %y = plan.dispatch "d" -> (tensor<?x4xf32>) {
    %a = hc.norm %x eps = 1.0 : tensor<?x8xf32> -> tensor<?x8xf32>
    plan.yield %a : tensor<?x8xf32>
  }
  return
}
