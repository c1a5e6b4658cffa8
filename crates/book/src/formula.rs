//! Formulas in TeX: as MathML for a page, and as a line of Unicode for a terminal.

use pulldown_latex::config::DisplayMode;
use pulldown_latex::{Parser, RenderConfig, Storage, push_mathml};

/// A formula as MathML, in a line of text or as a line of its own.
///
/// # Errors
/// What the formula has that cannot be set.
pub(crate) fn mathml(tex: &str, display: bool) -> Result<String, String> {
    let storage = Storage::new();
    let events: Result<Vec<_>, _> = Parser::new(tex, &storage).collect();
    let events = events.map_err(|error| format!("`{tex}`: {error}"))?;
    let mut out = String::new();
    let display_mode = if display { DisplayMode::Block } else { DisplayMode::Inline };
    let config = RenderConfig { display_mode, ..RenderConfig::default() };
    let events = events.into_iter().map(Ok::<_, pulldown_latex::ParserError>);
    push_mathml(&mut out, events, config).map_err(|error| format!("`{tex}`: {error}"))?;
    Ok(out)
}

/// Commands of TeX and the characters that stand for them.
const SIGNS: &[(&str, &str)] = &[
    ("\\partial", "∂"),
    ("\\nabla", "∇"),
    ("\\sigma", "σ"),
    ("\\theta", "θ"),
    ("\\delta", "δ"),
    ("\\eta", "η"),
    ("\\sum", "Σ"),
    ("\\cdot", "·"),
    ("\\times", "×"),
    ("\\leftarrow", "←"),
    ("\\rightarrow", "→"),
    ("\\to", "→"),
    ("\\leq", "≤"),
    ("\\le", "≤"),
    ("\\geq", "≥"),
    ("\\ge", "≥"),
    ("\\neq", "≠"),
    ("\\approx", "≈"),
    ("\\pm", "±"),
    ("\\infty", "∞"),
    ("\\sin", "sin "),
    ("\\cos", "cos "),
    ("\\log", "log "),
    ("\\ln", "ln "),
    ("\\exp", "exp "),
    ("\\max", "max"),
    ("\\min", "min"),
    ("\\top", "ᵀ"),
    ("\\ldots", "…"),
    ("\\cdots", "⋯"),
    ("\\quad", "   "),
    ("\\,", " "),
    ("\\;", " "),
    ("\\ ", " "),
    ("\\left", ""),
    ("\\right", ""),
    ("\\{", "{"),
    ("\\}", "}"),
];

/// A formula as a line of text: `\frac{1}{2}x^2` becomes `1/2 x²`.
pub(crate) fn line(tex: &str) -> String {
    let mut out = String::new();
    let mut rest = tex.trim();
    while let Some(c) = rest.chars().next() {
        if let Some(inner) = rest.strip_prefix("\\frac") {
            let (over, inner) = argument(inner);
            let (under, inner) = argument(inner);
            out += &format!("{}/{}", grouped(&line(over)), grouped(&line(under)));
            rest = inner;
            if rest.starts_with(|c: char| c.is_alphanumeric() || c == '\\') {
                out.push(' ');
            }
        } else if let Some(inner) = rest.strip_prefix("\\sqrt") {
            let (under, inner) = argument(inner);
            out += &format!("√{}", grouped(&line(under)));
            rest = inner;
        } else if let Some(inner) = ["\\text", "\\mathrm", "\\operatorname"].iter().find_map(|c| rest.strip_prefix(*c))
        {
            let (text, inner) = argument(inner);
            out += text;
            rest = inner;
        } else if let Some((command, sign)) = sign_of(rest) {
            out += sign;
            rest = &rest[command.len()..];
            // Around a relation a space stays one; elsewhere it only ends the command's name.
            if !["←", "→", "≤", "≥", "≠", "≈", "×", "·", "±"].contains(&sign) {
                rest = rest.strip_prefix(' ').unwrap_or(rest);
            }
        } else if c == '^' || c == '_' {
            let (script, inner) = argument(&rest[1..]);
            out += &scripted(&line(script), c == '^');
            rest = inner;
        } else {
            let shown = if c == '-' { '−' } else { c };
            if !['{', '}'].contains(&c) {
                out.push(shown);
            }
            rest = &rest[c.len_utf8()..];
        }
    }
    out
}

/// The whole command at the head of a text, and the character that stands for it.
fn sign_of(text: &str) -> Option<(&str, &'static str)> {
    let after = text.strip_prefix('\\')?;
    let letters = after.find(|c: char| !c.is_ascii_alphabetic()).unwrap_or(after.len());
    let command = text.get(..1 + letters.max(1))?;
    SIGNS.iter().find(|(known, _)| *known == command).map(|(_, sign)| (command, *sign))
}

/// The braced group, command or character at the head of a text, and what follows it.
fn argument(text: &str) -> (&str, &str) {
    let text = text.trim_start();
    if !text.starts_with('{') {
        let command = |text: &str| 1 + text[1..].find(|c: char| !c.is_alphabetic()).unwrap_or(text.len() - 1);
        let end = if text.starts_with('\\') { command(text) } else { text.chars().next().map_or(0, char::len_utf8) };
        return text.split_at(end);
    }
    let mut depth = 0;
    for (at, c) in text.char_indices() {
        depth += i32::from(c == '{') - i32::from(c == '}');
        if depth == 0 {
            return (&text[1..at], &text[at + 1..]);
        }
    }
    (&text[1..], "")
}

/// In brackets, where it is more than one thing.
fn grouped(text: &str) -> String {
    let is_one = text.chars().all(|c| c.is_alphanumeric() || "∂.ₖᵢⱼ₀₁₂₃²√".contains(c));
    if is_one { text.to_string() } else { format!("({text})") }
}

/// As small characters above or below the line, where there are such.
fn scripted(text: &str, above: bool) -> String {
    const PLAIN: &str = "0123456789+−-()nikjxwyT′";
    const ABOVE: &str = "⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻⁻⁽⁾ⁿⁱᵏʲˣʷʸᵀ′";
    const BELOW: &str = "₀₁₂₃₄₅₆₇₈₉₊₋₋₍₎ₙᵢₖⱼₓ___";
    let small = |c: char| {
        let at = PLAIN.chars().position(|known| known == c)?;
        (if above { ABOVE } else { BELOW }).chars().nth(at).filter(|c| *c != '_')
    };
    let all: Option<String> = text.chars().map(small).collect();
    all.unwrap_or_else(|| {
        if text == "ᵀ" {
            return text.to_string();
        }
        let mark = if above { '^' } else { '_' };
        if text.chars().count() > 1 { format!("{mark}({text})") } else { format!("{mark}{text}") }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn formulas_read_as_lines() {
        let table = [
            (r"\frac{1}{2}\sum_k (y_k - t_k)^2", "1/2 Σₖ (yₖ − tₖ)²"),
            (r"\frac{f(x+h) - f(x-h)}{2h}", "(f(x+h) − f(x−h))/2h"),
            (r"x \leftarrow x - \eta \nabla f(x)", "x ← x − η∇f(x)"),
            (r"\frac{\partial z}{\partial x}", "∂z/∂x"),
            (r"e^{-x}", "e⁻ˣ"),
            (r"\max(0, x)", "max(0, x)"),
            (r"\left(a, b\right) W^\top", "(a, b) Wᵀ"),
            (r"a \le b \to c", "a ≤ b → c"),
            (r"10^{-4}", "10⁻⁴"),
        ];
        for (tex, wanted) in table {
            assert_eq!(line(tex), wanted, "{tex}");
        }
    }

    #[test]
    fn a_formula_that_cannot_be_set_is_an_error_that_shows_it() {
        assert!(mathml(r"\frac{1}{", false).unwrap_err().contains(r"\frac{1}{"));
        assert!(mathml(r"x^2", true).unwrap().contains("<math"));
    }
}
