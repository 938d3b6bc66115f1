package catalog

import "slices"

// Skills returns every skill that a subcategory or a check asks for, sorted: what
// people can be marked with.
func (c *Catalog) Skills() []string {
	var all []string
	for _, cat := range c.Categories {
		for _, sub := range cat.Subcategories {
			all = append(all, sub.Skill)
		}
		for _, check := range cat.Checks {
			all = append(all, check.Skill)
		}
	}
	slices.Sort(all)
	all = slices.Compact(all)
	return slices.DeleteFunc(all, func(s string) bool { return s == "" })
}
