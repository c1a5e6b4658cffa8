//! What the book covers, row by row: the study notes from which limpid grew.

/// A row: what is asked for, and where it is found.
#[derive(Clone, Copy, Debug)]
pub struct Row {
    /// Its group and number.
    pub id: &'static str,
    /// What it is about.
    pub title: &'static str,
    /// Where the library has it. `pending` where it does not yet.
    pub item: &'static str,
    /// What one types beside the stop's own command; empty where that is all.
    pub command: &'static str,
    /// The test that pins it: a file of the repository and a function in it.
    pub test: (&'static str, &'static str),
    /// What its stop prints, to the last digit.
    pub printed: &'static [&'static str],
}

macro_rules! rows {
    ($($id:ident $title:literal $item:literal $command:literal $file:literal $test:ident [$($printed:literal),*];)*) => {
        /// Every row.
        pub const ROWS: &[Row] = &[$(Row {
            id: stringify!($id),
            title: $title,
            item: $item,
            command: $command,
            test: ($file, stringify!($test)),
            printed: &[$($printed),*],
        }),*];
    };
}

rows! {
A1 "Arrays of any rank: making them, shape, element type" "Tensor::new" "" "crates/book/tests/it/stops.rs" each_row_is_printed_by_its_stop_to_the_last_digit
    ["[1, 2]", "[3, 4]]", "shape (2, 2)", "i64", "24 numbers along 3 axes"];
A2 "Arithmetic element by element, and the matrix product" "Var::matmul" "" "crates/book/tests/it/stops.rs" each_row_is_printed_by_its_stop_to_the_last_digit
    ["[5, 7, 9]", "[-3, -3, -3]", "[4, 10, 18]", "[0.25, 0.4, 0.5]", "[[3, 0],\n [0, 24]]"];
A3 "Broadcasting a scalar and a row" "Var::broadcast_to" "" "crates/book/tests/it/stops.rs" each_row_is_printed_by_its_stop_to_the_last_digit
    ["[[10, 20],\n [30, 40]]", "[[10, 40],\n [30, 80]]"];
A4 "Indexing, flattening, gathering, choosing by a condition" "Var::gather" "" "crates/book/tests/it/stops.rs" each_row_is_printed_by_its_stop_to_the_last_digit
    ["[51, 55, 14, 19, 0, 4]", "[51, 14, 0]", "[51, 55, 19]"];
B1 "Lines: several, dashed, labels, title, legend, limits, grid, zero axes" "draw::Plot" "limpid plot function \"sin(x)\" \"cos(x)\" --range 0,6" "crates/book/tests/it/stops.rs" every_picture_of_the_book_is_whole_and_its_labels_stand_apart
    ["60 points, from 0 to 5.9"];
B2 "An image; the first training digit is a 5" "draw::Images" "" "crates/book/tests/it/stops.rs" each_row_is_printed_by_its_stop_to_the_last_digit
    ["the first training image is a 5"];
B3 "Step, sigmoid, ReLU, −log x as curves; softmax as bars" "draw::Bars" "limpid plot activation step,sigmoid,relu" "crates/book/tests/it/stops.rs" every_picture_of_the_book_is_whole_and_its_labels_stand_apart
    ["softmax of [-2.0, -1.0, 0.0, 1.0, 2.0] is [0.01165623 0.03168492 0.08612854 0.23412166 0.63640865]"];
B4 "A surface, its gradients as arrows, contours with the way down" "draw::Surface" "limpid plot function \"x0^2 + x1^2\" --as surface" "crates/book/tests/it/stops.rs" every_picture_of_the_book_is_whole_and_its_labels_stand_apart
    ["20 steps from (−3, 4) end at"];
B5 "The computational graph drawn with values and derivatives" "draw::GraphPicture" "limpid graph \"price * count * tax\" --at price=100,count=2,tax=1.1" "crates/draw/tests/it/graphs.rs" every_value_derivative_and_name_stands_whole_in_eighty_columns
    ["220.00000000000003"];
B6 "Loss by iteration, accuracy by epoch" "learn::History" "limpid plot history history.json" "crates/learn/tests/it/spec_j_learning.rs" ten_thousand_steps_of_stochastic_gradient_descent_read_digits_and_do_not_over_fit
    ["epoch 5: train "];
C1 "AND by a threshold, and by weights and a bias" "learn::Perceptron" "" "crates/learn/tests/it/spec_c_perceptron.rs" and_by_threshold_and_by_bias_is_the_same_gate
    ["AND, threshold 0.7   0 0 0 1", "AND, bias −0.7       0 0 0 1", "-0.19999999999999996"];
C2 "NAND and OR" "Perceptron::nand" "" "crates/learn/tests/it/spec_c_perceptron.rs" nand_and_or_differ_from_and_in_nothing_but_their_numbers
    ["NAND                 1 1 1 0", "OR                   0 1 1 1"];
C3 "XOR by two layers, and by one not" "learn::xor" "" "crates/learn/tests/it/spec_c_perceptron.rs" two_layers_make_xor
    ["XOR(0, 0) = 0", "XOR(1, 0) = 1", "XOR(0, 1) = 1", "XOR(1, 1) = 0", "0 of them make XOR"];
D1 "Step, sigmoid, ReLU, identity on arrays of any rank" "Var::step" "limpid plot activation sigmoid,tanh" "crates/learn/tests/it/spec_d_activations.rs" step_sigmoid_relu_and_identity_take_arrays_of_any_rank
    ["step of [-1.  1.  2.] is [0. 1. 1.]", "[0.26894142 0.73105858 0.88079708]"];
D2 "Softmax as the formula says, and its overflow" "Var::exp" "limpid plot activation softmax --range -2,2" "crates/learn/tests/it/spec_d_activations.rs" plain_softmax_overflows_where_the_stable_one_does_not
    ["1.34985881", "18.17414537", "54.59815003", "75.1221542101633", "0.01796885", "0.2419279", "0.72679159", "0.01331165", "[nan nan nan]"];
D3 "Softmax that does not overflow, row by row" "Var::softmax" "" "crates/learn/tests/it/spec_d_activations.rs" stable_softmax_gives_the_printed_digits_and_sums_to_1
    ["[0.01821127 0.24519181 0.73659691], which sum to 1.0", "9.99954600e-01"];
D4 "Linear layers in a row are one linear layer" "learn::Identity" "" "crates/learn/tests/it/spec_d_activations.rs" a_stack_of_linear_layers_equals_one
    ["W1·W2 = [[-1.5]]"];
D5 "Which output for which problem" "learn::Softmax" "" "crates/learn/tests/it/spec_d_activations.rs" a_regression_ends_in_the_identity_and_a_classification_in_softmax_with_one_output_per_class
    ["a regression answers 1 number per sample", "a classification answers 10 per sample", "sum 1.000000000000"];
E1 "Two numbers through three layers" "Model::predict" "limpid summary \"2, affine 3, sigmoid, affine 2, sigmoid, affine 2, identity\"" "crates/learn/tests/it/spec_e_forward.rs" three_layers_give_the_printed_digits
    ["[0.31682708 0.69627909]"];
F1 "MNIST: normalised, flat, one-hot or not; and a split of all 70,000" "datasets::mnist" "" "crates/limpid/tests/it/spec_f_mnist.rs" the_digits_come_flat_or_as_images
    ["[60000, 784]", "[10000, 784]", "[60000, 1, 28, 28]", "[60000, 10]", "[56000, 784]", "[14000, 784]"];
F2 "Trained weights from and to a NumPy pickle" "weights::from_weights" "limpid convert weights.pkl numpys.safetensors --activation sigmoid" "crates/limpid/tests/it/spec_f_weights.rs" a_numpy_pickle_gives_its_arrays_whatever_order_they_are_in
    ["W1  f32  [784, 50]", "W2  f32  [50, 100]", "W3  f32  [100, 10]", "the same to the last bit: true"];
F3 "Accuracy one by one and in batches, and as it goes" "Model::predict" "" "crates/book/tests/it/stops.rs" each_row_is_printed_by_its_stop_to_the_last_digit
    ["   1 at a time: 1135 right", " 100 at a time: 1135 right", "2000 at a time: 1135 right"];
F4 "Untrained weights guess a tenth" "Model::evaluate" "" "crates/learn/tests/it/spec_f_mnist.rs" untrained_random_weights_guess_at_about_a_tenth
    ["accuracy 0.1135"];
F5 "Weights loaded from a file, or drawn and saved" "models::save" "limpid train --epochs 1 --output digits.safetensors" "crates/limpid/src/models.rs" a_model_comes_back_to_the_bit
    ["the first time: drawn and saved", "the second time: loaded", "the same to the last bit: true"];
F6 "The running accuracy of a net drawn by NumPy" "Dataset::select" "" "crates/learn/tests/it/spec_f_mnist.rs" the_running_accuracy_of_numpys_random_net_gives_the_printed_digits
    ["0.1100 0.1000 0.0833 0.1025 0.1060 0.0983 0.0986", "0.0975 0.0956 0.0950 0.0955 0.0975 0.0962 0.0993", "0.0973 0.0950 0.0935 0.0922 0.0921 0.0945 0.0971", "0.09592857"];
F7 "Somebody else's trained net from their pickle" "weights::open" "limpid evaluate weights.pkl --activation sigmoid" "crates/limpid/tests/it/spec_f_weights.rs" somebody_elses_net_reads_as_many_digits_as_in_numpy_singly_and_in_batches
    ["   1 at a time: 9473 of 10000 right", " 100 at a time: 9473 of 10000 right", "2000 at a time: 9473 of 10000 right", "   1 at a time: 9663 of 10000 right", " 100 at a time: 9663 of 10000 right", "2000 at a time: 9663 of 10000 right"];
G1 "Half the sum of squares" "Var::half_sum_of_squares" "" "crates/learn/tests/it/spec_g_losses.rs" half_sum_of_squares_gives_the_printed_digits
    ["0.09750000000000003", "0.5975"];
G2 "Cross-entropy" "Var::cross_entropy" "limpid plot loss cross-entropy" "crates/learn/tests/it/spec_g_losses.rs" cross_entropy_gives_the_printed_digits
    ["0.510825457099338", "2.302584092994546"];
G3 "Means over a batch; labels or one-hot rows" "Var::softmax_cross_entropy" "" "crates/learn/tests/it/spec_g_losses.rs" a_batch_has_the_mean_of_its_samples_and_labels_agree_with_one_hot_rows
    ["mean loss by one-hot rows: ", "mean loss by labels: "];
G4 "Why the loss leads, and not the accuracy" "Var::accuracy" "" "crates/learn/tests/it/spec_g_losses.rs" the_accuracy_is_a_staircase_whose_slope_is_0_where_the_loss_has_one
    ["accuracy  its slope"];
G5 "Batches drawn with replacement, or from a shuffled epoch" "learn::Batches" "" "crates/learn/tests/it/spec_g_losses.rs" both_ways_to_draw_mini_batches_can_be_chosen
    ["drawn with replacement: 600 batches", "0 of 60,000 samples were never drawn, 0 more than once"];
H1 "A step too small to be seen" "learn::forward_difference" "" "crates/learn/tests/it/spec_h_derivatives.rs" a_step_too_small_to_be_seen_makes_the_forward_difference_0
    ["1e-49 ahead: 0", "1e-30 ahead: 0", "1e-50 in 32 bits is 0.0"];
H2 "The central difference" "learn::central_difference" "limpid plot function \"0.01*x^2 + 0.1*x\" --range 0,20 --tangent 5" "crates/learn/tests/it/spec_h_derivatives.rs" central_differences_give_the_printed_digits
    ["at  5: 0.1999999999990898", "at 10: 0.2999999999986347"];
H3 "Partial derivatives" "numeric::central_difference" "" "crates/learn/tests/it/spec_h_derivatives.rs" partial_derivatives_give_the_printed_digits
    ["6.00000000000378", "7.999999999999119"];
H4 "The gradient of an array of any rank" "learn::numerical_gradient" "limpid plot function \"x0^2 - x1^2\" --as gradient" "crates/learn/tests/it/spec_h_derivatives.rs" an_array_of_any_rank_has_a_gradient_of_its_shape
    ["[3.0, 4.0]: [6. 8.]", "[0.0, 2.0]: [0. 4.]", "[3.0, 0.0]: [6. 0.]"];
I1 "Descent and ascent" "learn::gradient_descent" "limpid plot descent \"x0^2/20 + x1^2\" --start -7,2 --lr 0.9" "crates/learn/tests/it/spec_i_gradient_method.rs" descent_gives_the_printed_digits
    ["[-6.11110793e-10  8.14814391e-10]"];
I2 "A learning rate too large, and one too small" "learn::gradient_descent" "limpid plot descent \"x0^2/20 + x1^2\" --start -7,2 --lr 1.1 --steps 8" "crates/learn/tests/it/spec_i_gradient_method.rs" a_learning_rate_too_large_or_too_small_gives_the_printed_digits
    ["[-2.58983747e+13 -1.29524862e+12]", "[-2.99999994  3.99999992]"];
I3 "The gradient of a network of one layer" "learn::numerical_gradient" "" "crates/learn/tests/it/spec_i_gradient_method.rs" the_numerical_gradient_of_a_small_net_gives_the_printed_digits
    ["0.16255973", "0.13988719", "-0.30244691", "0.24383959", "0.20983078", "-0.45367037"];
I4 "The same network's scores and loss" "Graph::run" "" "crates/learn/tests/it/spec_i_gradient_method.rs" the_small_net_with_other_weights_gives_the_printed_scores_and_loss
    ["-1.19626338", "1.72289288", "class 1", "loss 1.12341808021523"];
I5 "Saddles, local minima, plateaus, vanishing gradients" "learn::numeric" "limpid plot descent \"x^4 - 2*x^2 + 0.5*x\" --start 1.5 --lr 0.02" "crates/learn/tests/it/spec_i_gradient_method.rs" saddle_points_and_local_minima_have_no_gradient_either
    ["saddle: gradient [0. 0.] at (0, 0)", "plateau: from 0.3 a hundred steps lead to [0.3]"];
J1 "The two-layer net, scores before the softmax" "Network::new" "limpid summary \"784, affine 50, sigmoid, affine 10\"" "crates/learn/tests/it/spec_j_learning.rs" one_sample_or_a_batch_and_labels_or_one_hot_rows_give_the_same_answers
    ["scores before the softmax (epoch 0", "a sigmoid there too (epoch 0"];
J2 "Learning by stochastic gradient descent" "Model::fit_watched" "limpid train --epochs 2 --history history.json" "crates/learn/tests/it/spec_j_learning.rs" ten_thousand_steps_of_stochastic_gradient_descent_read_digits_and_do_not_over_fit
    ["epoch 5: train "];
J3 "Learning by the numerical gradient of every parameter" "Model::descend_numerically" "" "crates/learn/tests/it/spec_j3_numerical_descent.rs" ten_iterations_by_numerical_gradients_lose_what_back_propagation_loses
    ["never further apart than 1e-8: true"];
J4 "The gradient check" "Model::check_gradients" "limpid gradcheck \"784, affine 20, sigmoid, affine 10\" --elements 100" "crates/learn/tests/it/spec_j4_gradient_check.rs" sigmoid_agrees_to_1e_9_in_every_parameter_array
    ["0/w: 39200 checked, mean difference at most 1e-9: true", "passed: true"];
K1 "Forward, backward, and the chain rule" "Graph::trace" "limpid graph \"(x+y)^2\" --at x=3,y=4 --step" "crates/learn/tests/it/spec_k_graph.rs" the_chain_rule_multiplies_what_each_node_knows_of_itself
    ["z: value 49.0, dz/dz = 1.0", "dz/dx = 14.0"];
K2 "Two apples and a tax" "Trace::derivative" "limpid graph \"price * count * tax\" --at price=100,count=2,tax=1.1" "crates/learn/tests/it/spec_k_graph.rs" two_apples_with_tax_give_the_printed_digits
    ["total: 220.00000000000003", "price: 2.2", "count: 110.00000000000001", "tax: 200"];
K3 "Apples and oranges" "Trace::value" "limpid graph \"(a*apple+o*orange)*t\" --at a=2,apple=100,o=3,orange=150,t=1.1" "crates/learn/tests/it/spec_k_graph.rs" apples_and_oranges_with_tax_give_the_printed_digits
    ["total: 715.0000000000001", "subtotal: 1.1", "tax: 650", "apple price: 2.2", "apple count: 110.00000000000001", "orange price: 3.3000000000000003", "orange count: 165"];
K4 "What an add node passes back, and what a multiply node" "SingleLayer::backward" "" "crates/learn/tests/it/spec_k_graph.rs" an_add_node_passes_the_derivative_on_and_a_multiply_node_times_the_other_input
    ["passes back 1.3 and 1.3", "passes back 6.5 and 13"];
K5 "Fill in the derivatives" "graph::Exercise" "" "crates/learn/tests/it/spec_k_graph.rs" the_derivatives_of_the_shop_are_filled_in_and_checked
    ["8 derivatives are to be found"];
L1 "Multiply and add layers" "SingleLayer::multiply" "" "crates/learn/tests/it/spec_l_layers.rs" the_shop_from_multiply_and_add_layers_gives_the_printed_digits
    ["715.0000000000001", "2.2 and 110.00000000000001"];
L2 "ReLU, sigmoid and affine layers, forward and backward" "SingleLayer::layer" "" "crates/learn/tests/it/spec_l_layers.rs" affine_gives_the_derivatives_of_its_input_its_weights_and_its_bias
    ["[[15.  31.  47. ]\n [ 8.5 17.5 26.5]]", "[ 3.  1. -1.]"];
L3 "Softmax with its loss" "SingleLayer::softmax_with_loss" "" "crates/learn/tests/it/spec_l_layers.rs" softmax_with_loss_goes_back_with_the_difference_over_the_batch
    ["targets of shape [2, 3]", "targets of shape [2]"];
L4 "The two-layer net from an ordered list of layers" "learn::Sequence" "limpid graph \"3, affine 4, relu, affine 2\" --stage gradient" "crates/learn/tests/it/spec_l_layers.rs" the_two_layer_net_from_an_ordered_list_of_layers_has_the_training_graphs_gradients
    ["loss by layers: ", "loss by the graph: "];
M1 "Over-fitting, and what helps against it" "Model::fit_watched" "" "crates/book/tests/it/generalisation.rs" three_hundred_digits_are_learned_by_heart_and_more_are_not
    ["300 digits: 100.0 % of them right"];
M2 "Weight decay and dropout" "learn::Dropout" "limpid train --weight-decay 0.001 --augment \"shift 2, rotate 10\" --epochs 1" "crates/book/tests/it/generalisation.rs" each_remedy_helps_digits_that_were_not_learned_from
    ["weight decay 0.01", "dropout"];
M3 "Augmented data, and bias in data" "learn::Augmentation" "limpid data show mnist --count 6 --augment \"shift 2, rotate 10\"" "crates/book/tests/it/generalisation.rs" a_shadow_is_learned_instead_of_the_digit_and_unlearned_where_it_says_nothing
    ["learned with shadows behind every 5:"];
M4 "Hyper-parameters and their search" "learn::FitOptions" "limpid search --vary \"lr=0.01..1 log\" --runs 3 -- --epochs 1" "crates/book/tests/it/generalisation.rs" a_search_by_chance_finds_settings_that_are_good_on_digits_it_has_not_seen
    ["on 10,000 test digits: the first of these, learned anew from all 2,000"];
M5 "Nearest neighbours and a linear support-vector machine on all of MNIST" "Loss::custom" "" "crates/book/tests/it/generalisation.rs" neighbours_and_support_vectors_stand_where_the_literature_has_them
    ["k =  1: accuracy 0.9691 on 10000 digits"];
M6 "Vanishing gradients on a plateau" "step::GraphKind" "" "crates/book/tests/it/generalisation.rs" derivatives_tell_a_plateau_from_a_gradient_that_vanishes
    ["vanishing: the loss never falls below 2", "plateau: the loss falls below 2 after"];
}
