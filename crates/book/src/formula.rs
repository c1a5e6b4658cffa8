//! Formulas in TeX: as HTML or MathML for a page, and as a line of Unicode for a terminal.

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
    ("\\beta", "β"),
    ("\\gamma", "γ"),
    ("\\epsilon", "ε"),
    ("\\lambda", "λ"),
    ("\\mu", "μ"),
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

/// Signs that keep the spaces around them.
const SPACED: &[&str] = &["←", "→", "≤", "≥", "≠", "≈", "×", "·", "±"];

/// Whether a command that keeps its spaces stands at the head of a text.
fn is_spaced(text: &str) -> bool {
    sign_of(text).is_some_and(|(_, sign)| SPACED.contains(&sign))
}

/// A formula as a line of text: `\frac{1}{2}x^2` becomes `1/2 x²`.
pub(crate) fn line(tex: &str) -> String {
    let mut out = String::new();
    let mut rest = tex.trim();
    while let Some(c) = rest.chars().next() {
        if let Some(inner) = rest.strip_prefix("\\frac") {
            let (over, inner) = argument(inner);
            let (under, inner) = argument(inner);
            // 1/2h could be read as half of h.
            let under = match grouped(&line(under)) {
                under if under.starts_with(|c: char| c.is_ascii_digit()) && under.contains(char::is_alphabetic) => {
                    format!("({under})")
                }
                under => under,
            };
            out += &format!("{}/{under}", grouped(&line(over)));
            rest = inner;
            if rest.starts_with(|c: char| c.is_alphanumeric() || c == '\\') && !rest.starts_with("\\right") {
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
            // A space before or behind a relation or an operator stays; elsewhere it only ends the command's name.
            let after = rest.strip_prefix(' ').unwrap_or(rest);
            if !SPACED.contains(&sign) && !after.starts_with(['=', '<', '>', '+', '-']) && !is_spaced(after) {
                rest = after;
            }
            if rest.starts_with('(') && out.ends_with(' ') && sign.ends_with(' ') {
                out.pop();
            }
        } else if c == '^' || c == '_' {
            let (script, inner) = argument(&rest[1..]);
            let script = line(script);
            match small(&script, c == '^') {
                Some(small) => out += &small,
                // e to a power that has no small characters.
                None if c == '^' && out.ends_with('e') => {
                    out.pop();
                    out += &format!("exp({script})");
                }
                None if script.chars().count() > 1 => out += &format!("{c}({script})"),
                None => out += &format!("{c}{script}"),
            }
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
    let mut depth = 0;
    let is_one = text.chars().all(|c| {
        depth += i32::from(c == '(') - i32::from(c == ')');
        depth > 0 || c == ')' || c.is_alphanumeric() || "∂.ₖᵢⱼ₀₁₂₃²√⁻".contains(c)
    });
    if is_one { text.to_string() } else { format!("({text})") }
}

/// As small characters above or below the line, if there are such for all of it.
fn small(text: &str, above: bool) -> Option<String> {
    const PLAIN: &str = "0123456789+−-()nikjxwyT′ᵀ";
    const ABOVE: &str = "⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻⁻⁽⁾ⁿⁱᵏʲˣʷʸᵀ′ᵀ";
    const BELOW: &str = "₀₁₂₃₄₅₆₇₈₉₊₋₋₍₎ₙᵢₖⱼₓ____";
    let small = |c: char| {
        let at = PLAIN.chars().position(|known| known == c)?;
        (if above { ABOVE } else { BELOW }).chars().nth(at).filter(|c| *c != '_')
    };
    text.chars().map(small).collect()
}

/// A formula in a line of text as HTML, if letters, signs, exponents and indices are all that is in it.
///
/// Browsers set MathML well only with a mathematical font, which many systems do not have: exponents float high and
/// spread the lines. `<sup>` is right with any font.
pub(crate) fn plain_html(tex: &str) -> Option<String> {
    let (mut out, mut rest) = (String::new(), tex.trim());
    while let Some(c) = rest.chars().next() {
        if c == '^' || c == '_' {
            let (above, below, after) = scripts(rest)?;
            out += &match (above, below) {
                (Some(above), Some(below)) => {
                    format!("<span class=\"scripts\"><span>{above}</span><span>{below}</span></span>")
                }
                (Some(above), None) => format!("<sup>{above}</sup>"),
                (None, below) => format!("<sub>{}</sub>", below.unwrap_or_default()),
            };
            rest = after;
        } else if let Some((command, sign)) = sign_of(rest) {
            if ["∂", ""].contains(&sign) {
                return None;
            }
            rest = &rest[command.len()..];
            let after = rest.strip_prefix(' ').unwrap_or(rest);
            if !SPACED.contains(&sign) && !after.starts_with(['=', '<', '>', '+', '-']) && !is_spaced(after) {
                rest = after;
            }
            let sign = match sign {
                "ᵀ" => "⊤",
                sign if rest.starts_with('(') => sign.trim_end(),
                sign => sign,
            };
            out += &if "σθδη".contains(sign) { format!("<i>{sign}</i>") } else { sign.to_string() };
        } else if ['\\', '{', '}', '&'].contains(&c) {
            return None;
        } else {
            out += &match c {
                '-' => "−".to_string(),
                '<' => "&lt;".to_string(),
                '>' => "&gt;".to_string(),
                c if c.is_alphabetic() => format!("<i>{c}</i>"),
                c => c.to_string(),
            };
            rest = &rest[c.len_utf8()..];
        }
    }
    // Short formulas are not broken at the end of a line.
    let class = if line(tex).chars().count() > 16 { "formula-text" } else { "formula-text short" };
    Some(format!("<span class=\"{class}\">{out}</span>"))
}

/// The exponent and the index at the head of a text, in either order, and what follows them.
fn scripts(text: &str) -> Option<(Option<String>, Option<String>, &str)> {
    let (mut above, mut below, mut rest) = (None, None, text);
    while let Some(c) = rest.chars().next().filter(|c| ['^', '_'].contains(c)) {
        let (script, after) = argument(&rest[1..]);
        let whole = plain_html(script)?;
        let inner = whole.split_once('>')?.1.strip_suffix("</span>")?.to_string();
        *(if c == '^' { &mut above } else { &mut below }) = Some(inner);
        rest = after;
    }
    Some((above, below, rest))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn formulas_read_as_lines() {
        let table = [
            (r"\frac{1}{2}\sum_k (y_k - t_k)^2", "1/2 Σₖ (yₖ − tₖ)²"),
            (r"\frac{f(x+h) - f(x-h)}{2h}", "(f(x+h) − f(x−h))/(2h)"),
            (r"\delta = 10^{-7}", "δ = 10⁻⁷"),
            (r"\left(\frac{\partial f}{\partial x_0}, \frac{\partial f}{\partial x_1}\right)", "(∂f/∂x₀, ∂f/∂x₁)"),
            (r"y_k = \frac{e^{x_k}}{\sum_i e^{x_i}}", "yₖ = exp(xₖ)/(Σᵢ exp(xᵢ))"),
            (r"\frac{1}{1 + e^{-x}}", "1/(1 + e⁻ˣ)"),
            (r"E = -\sum_k t_k \log(y_k + \delta)", "E = −Σₖ tₖ log(yₖ + δ)"),
            (r"\frac{1}{\sqrt{n}}", "1/√n"),
            (r"e \approx 2.7", "e ≈ 2.7"),
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
    fn plain_formulas_are_html_and_others_are_not() {
        let short = |inner: &str| Some(format!("<span class=\"formula-text short\">{inner}</span>"));
        assert_eq!(plain_html("10^{-30}"), short("10<sup>−30</sup>"));
        assert_eq!(plain_html(r"b \le 0"), short("<i>b</i> ≤ 0"));
        assert_eq!(plain_html(r"\eta"), short("<i>η</i>"));
        assert_eq!(plain_html(r"\sin x"), short("sin <i>x</i>"));
        let both = "<i>x</i><span class=\"scripts\"><span>2</span><span>0</span></span>";
        assert_eq!(plain_html("x_0^2"), short(both));
        assert!(plain_html(r"|a - b|^2 = |a|^2 - 2a \cdot b + |b|^2").is_some_and(|html| !html.contains("short")));
        assert_eq!(plain_html(r"W^\top"), short("<i>W</i><sup>⊤</sup>"));
        for tex in [r"\frac{1}{2}", r"\sqrt{2/n}", r"\partial z", r"\unknown"] {
            assert_eq!(plain_html(tex), None, "{tex}");
        }
    }

    #[test]
    fn a_formula_that_cannot_be_set_is_an_error_that_shows_it() {
        assert!(mathml(r"\frac{1}{", false).unwrap_err().contains(r"\frac{1}{"));
        assert!(mathml(r"x^2", true).unwrap().contains("<math"));
    }
}
