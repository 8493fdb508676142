package operator

// File is a file of the configuration, as it runs and without its secrets.
type File struct {
	Name string `json:"name"`
	// Lines are its text, from line 1.
	Lines []string `json:"lines"`
}

// Place is where a channel or connector stands in the configuration.
type Place struct {
	File string `json:"file"`
	Line int    `json:"line"`
}
