package lint

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
)

// edition is raised when a rule finds something else than before without its
// definition showing it, so that stored examples are checked again.
const edition = 1

// Version names what the rules of this program find: two programs with the same
// version and the same catalog find the same.
func Version() string {
	b, err := json.Marshal(Rules())
	if err != nil {
		panic("lint: a rule that is not plain data: " + err.Error()) // Rules holds strings and booleans
	}
	sum := sha256.Sum256(fmt.Appendf(b, "edition %d", edition))
	return hex.EncodeToString(sum[:8])
}
