// Package catalogfiles holds the catalog that is shipped with the product, as
// the files one would write for another dataset. See docs/catalog.md for what
// they mean and internal/catalog for what reads them.
package catalogfiles

import "embed"

// Files is the folder of the default catalog.
//
//go:embed catalog.yaml voice_parsing knowledge_base injury_analysis ai_coach running_cardio
var Files embed.FS
