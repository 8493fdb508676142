package pluginhost

import (
	"bytes"
	"crypto/sha256"
	"fmt"
	"io"
	"os"

	"github.com/connector-relay/relay/relay/private"
)

// open opens a plugin's executable, provided that no other user can change it and its
// checksum is the pinned one; for a bundled plugin it returns nil. The same descriptor
// is executed afterwards, so that nothing can take the place of what was checked.
func (s Spec) open() (_ *os.File, err error) {
	if s.Bundled {
		return nil, nil
	}
	if err := private.Path(s.Path); err != nil {
		return nil, err
	}
	f, err := os.Open(s.Path)
	if err != nil {
		return nil, err
	}
	defer func() {
		if err != nil {
			f.Close()
		}
	}()
	info, err := f.Stat()
	switch {
	case err != nil:
		return nil, err
	case !info.Mode().IsRegular():
		return nil, fmt.Errorf("%s is not a file", s.Path)
	case !isExecutable(info):
		return nil, fmt.Errorf("%s is not executable; chmod +x it", s.Path)
	case len(s.SHA256) == 0:
		return f, nil
	}
	sum := sha256.New()
	if _, err := io.Copy(sum, f); err != nil {
		return nil, fmt.Errorf("checksum: %w", err)
	}
	if !bytes.Equal(sum.Sum(nil), s.SHA256) {
		return nil, fmt.Errorf("the checksum of %s is %x, but the configuration pins %x: if you changed the executable, change sha256 too", s.Path, sum.Sum(nil), s.SHA256)
	}
	return f, nil
}

// isScript reports whether a file is for an interpreter, which opens it by name again;
// no other user can change that name either.
func isScript(f *os.File) bool {
	head := make([]byte, 2)
	_, err := f.ReadAt(head, 0)
	return err == nil && string(head) == "#!"
}
