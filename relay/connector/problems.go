package connector

// Problem is something wrong with the arguments.
type Problem struct {
	// Argument is the one at fault; it is empty when there is no particular one.
	Argument string
	// Message says what is wrong and what to do, without the argument's value.
	Message string
}

// Problems collects what a [Validator] finds.
type Problems []Problem

// If adds a problem with an argument when the condition holds.
func (p *Problems) If(wrong bool, argument, message string) {
	if wrong {
		*p = append(*p, Problem{Argument: argument, Message: message})
	}
}

// OneOf adds a problem unless exactly one of some arguments is given.
func (p *Problems) OneOf(argument, message string, given ...bool) {
	count := 0
	for _, g := range given {
		if g {
			count++
		}
	}
	p.If(count != 1, argument, message)
}

// URL checks an argument with [ParseURL]. The message shows the example.
func (p *Problems) URL(argument, text, example string) {
	_, err := ParseURL(text)
	p.If(err != nil, argument, "Write an http or https address with a host, such as "+example+".")
}
