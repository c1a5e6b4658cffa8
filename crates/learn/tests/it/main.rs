//! Learning; `allocations.rs` stands apart, since it counts with an allocator of its own.

#![allow(clippy::unwrap_used, reason = "a test may stop at what it does not expect")]

mod augmentation;
mod choices;
mod corpus;
mod drawing_layers;
mod golden;
mod golden_networks;
mod gradients_of_layers;
mod images;
mod mistakes;
mod misuse;
#[path = "../support/mnist.rs"]
mod mnist;
mod model_keeps;
mod network_text;
mod network_toml;
mod norms;
#[path = "../support/numpy_print.rs"]
mod numpy_print;
#[path = "../support/numpy_random.rs"]
mod numpy_random;
mod optimizers;
mod perturbation;
mod recipes;
mod same_bits;
mod skipping_zeros;
mod spec_c_perceptron;
mod spec_d_activations;
mod spec_e_forward;
mod spec_f_mnist;
mod spec_g_losses;
mod spec_h_derivatives;
mod spec_i_gradient_method;
mod spec_j3_numerical_descent;
mod spec_j4_gradient_check;
mod spec_j_learning;
mod spec_k_graph;
mod spec_l_layers;
#[path = "../../../graph/tests/support/mod.rs"]
mod support;
#[path = "../support/training.rs"]
mod training;
mod variables;
