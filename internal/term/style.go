package term

// Tint says what a text means. A terminal shows each meaning in a color of its own, from
// the 16 colors that the user's theme defines, so that light and dark themes both work.
type Tint string

// The tints, as the parameters of the escape sequence that sets them.
const (
	NoTint Tint = ""
	Strong Tint = "1"  // a heading
	Faint  Tint = "2"  // what matters less
	Bad    Tint = "31" // a failure, or what needs the user
	Good   Tint = "32" // something was done
	Notice Tint = "33" // a warning, or what is not done yet
	Key    Tint = "36" // what the user may type again, such as an ID
)

// Style paints text, or leaves it as it is.
type Style struct{ color bool }

// NewStyle returns the style of a terminal with or without colors.
func NewStyle(color bool) Style { return Style{color} }

// Paint returns s in the tint.
func (st Style) Paint(t Tint, s string) string {
	if !st.color || t == NoTint || s == "" {
		return s
	}
	return "\x1b[" + string(t) + "m" + s + "\x1b[0m"
}
