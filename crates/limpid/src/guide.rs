//! The guide: for those who come from NumPy or PyTorch, and for readers of the book.
//!
//! [`from_numpy`] and [`from_pytorch`] have tables from their names to limpid's. The chapters are those of the book, which `limpid book`
//! shows in a terminal and `limpid book --all --output site` writes as a web site. Each page says which parts of this
//! crate its stops use, and links to their programs.

/// From NumPy to limpid, as tables.
#[doc = include_str!("guide/from_numpy.md")]
pub mod from_numpy {}

/// From PyTorch to limpid: the training loop, names, and weights.
#[doc = include_str!("guide/from_pytorch.md")]
pub mod from_pytorch {}

/// A chapter's page, and under it a page for each of its stops: the program, whole.
macro_rules! chapter {
    ($chapter:ident $title:literal $text:literal $($stop:ident $number:literal $about:literal;)*) => {
        #[doc = $title]
        #[doc = ""]
        #[doc = include_str!($text)]
        pub mod $chapter {
            $(
                #[doc = concat!($number, " ", $about)]
                #[doc = ""]
                #[doc = concat!("`limpid book ", $number, "` shows this stop; `cargo run --release -p limpid --example ")]
                #[doc = concat!(stringify!($stop), "` runs its program, which needs the feature `draw`:")]
                #[doc = ""]
                #[doc = "```ignore"]
                #[doc = include_str!(concat!("../examples/", stringify!($stop), ".rs"))]
                #[doc = "```"]
                pub mod $stop {}
            )*
        }
    };
}

chapter! { chapter_1 "Chapter 1: arrays and pictures." "guide/chapter_1.md"
    arrays "1.1" "Arrays";
    lines "1.2" "Lines";
    image "1.3" "An image";
    curves "1.4" "Five curves and some bars";
    surface "1.5" "A surface, its gradients, a path down";
}
chapter! { chapter_2 "Chapter 2: the perceptron." "guide/chapter_2.md"
    gates "2.1" "AND, NAND and OR";
    xor "2.2" "XOR takes two layers";
}
chapter! { chapter_3 "Chapter 3: from inputs to answers." "guide/chapter_3.md"
    activations "3.1" "Activations";
    softmax "3.2" "Softmax, and where it overflows";
    non_linear "3.3" "Why an activation must be non-linear";
    outputs "3.4" "Which output for which problem";
    forward "3.5" "Three layers forward";
    digits "3.6" "Handwritten digits";
    guessing "3.7" "Guessing, one by one and in batches";
    numpys_net "3.8" "NumPy's random network";
    save_and_load "3.9" "Weights as a file";
    numpys_pickle "3.10" "A network that NumPy trained";
}
chapter! { chapter_4 "Chapter 4: learning." "guide/chapter_4.md"
    losses "4.1" "Two losses";
    batches "4.2" "The loss of a batch, and how batches are drawn";
    staircase "4.3" "Why accuracy cannot be the loss";
    differences "4.4" "Numerical derivatives";
    gradient "4.5" "The gradient";
    descent "4.6" "Gradient descent";
    stuck "4.7" "Saddles, local minima, plateaus";
    net_gradient "4.8" "The gradient of a small network";
    learning "4.9" "Learning to read digits";
    numerical_learning "4.10" "Learning with numerical gradients";
}
chapter! { chapter_5 "Chapter 5: the computational graph." "guide/chapter_5.md"
    chain_rule "5.1" "The chain rule on a graph";
    apples "5.2" "Two apples";
    oranges "5.3" "Apples and oranges";
    exercise "5.4" "Fill in the derivatives";
    layers "5.5" "Layers, forward and backward";
    two_layers "5.6" "Networks from layers";
    gradient_check "5.7" "Checking a gradient";
}
chapter! { chapter_6 "Chapter 6: looking further." "guide/chapter_6.md"
    weight_scales "6.1" "How weights are drawn matters";
    optimizers "6.2" "Optimizers in a long valley";
    neighbours "6.3" "Reading without learning: nearest neighbours";
    misclassified "6.4" "The digits it still gets wrong";
    support_vectors "6.5" "A linear support-vector machine beside the networks";
    batch_norm "6.6" "Batch norm, whatever the scale of the weights";
}
chapter! { chapter_7 "Chapter 7: digits it has not seen." "guide/chapter_7.md"
    overfitting "7.1" "Learned by heart";
    regularisation "7.2" "What helps against over-fitting";
    shadow "7.3" "A shadow behind every 5";
    search "7.4" "Settings by chance";
    plateau "7.5" "A plateau, and a gradient that vanishes";
}
chapter! { chapter_8 "Chapter 8: convolution." "guide/chapter_8.md"
    window "8.1" "A window walks over a digit";
    window_sizes "8.2" "How many places a window has";
    unfold "8.3" "Unfold, then multiply";
    same_weights "8.4" "The same weights everywhere";
    pooling "8.5" "Pools, and digits that move a little";
    window_backward "8.6" "Backward through a window";
    pool_backward "8.7" "Backward through a pool";
    filters "8.8" "Filters before and after learning";
    feature_maps "8.9" "What each layer sees";
    receptive_fields "8.10" "Receptive fields";
}
