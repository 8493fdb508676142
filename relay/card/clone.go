package card

import "slices"

// Clone returns a card that shares nothing with c that can be changed.
func (c Card) Clone() Card {
	c.ExpectedActors = slices.Clone(c.ExpectedActors)
	c.Actions = cloneActions(c.Actions)
	c.Adaptive = slices.Clone(c.Adaptive)
	c.Sections = slices.Clone(c.Sections)
	for i, s := range c.Sections {
		if s.HeroImage != nil {
			hero := *s.HeroImage
			s.HeroImage = &hero
		}
		if s.Markdown != nil {
			markdown := *s.Markdown
			s.Markdown = &markdown
		}
		s.Facts, s.Images, s.Actions = slices.Clone(s.Facts), slices.Clone(s.Images), cloneActions(s.Actions)
		c.Sections[i] = s
	}
	return c
}

func cloneActions(list []Action) []Action {
	list = slices.Clone(list)
	for i, a := range list {
		a.Targets, a.Target.List, a.Headers = slices.Clone(a.Targets), slices.Clone(a.Target.List), slices.Clone(a.Headers)
		a.Inputs, a.Actions = slices.Clone(a.Inputs), cloneActions(a.Actions)
		for j := range a.Inputs {
			a.Inputs[j].Choices = slices.Clone(a.Inputs[j].Choices)
		}
		list[i] = a
	}
	return list
}
