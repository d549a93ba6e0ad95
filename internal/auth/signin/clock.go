package signin

import (
	"fmt"
	"time"

	"photos/internal/auth/oidc"
)

// shouldWarn reports whether to warn of a difference between two clocks, when the user
// was last warned of another one.
func shouldWarn(off, warned time.Duration) bool {
	return off != 0 && (off-warned).Abs() > oidc.ClockTolerance
}

// ClockWarning returns a warning that the provider's clock is ahead of this machine's by
// off.
func ClockWarning(off time.Duration) string {
	direction := "behind"
	if off < 0 {
		direction = "ahead of"
	}
	return fmt.Sprintf("this machine's clock is %s %s the sign-in provider's: set it (photos corrects for the difference)", off.Abs(), direction)
}
