package secret

import (
	"io"
	"os"
	"strings"
	"sync"
	"time"
)

// settled is how old a file's modification time must be to identify its content: a file
// system's clock may be as coarse as two seconds (FAT), and a rotation may keep the
// size.
const settled = 2 * time.Second

// file is a secret's file with the text it had when it was last read.
type file struct {
	path string

	mu   sync.Mutex
	text string
	// info describes the file that text was read from; nil before the first read,
	// and while the file is too fresh to be cached.
	info os.FileInfo
}

// read returns the content without its final line break, from memory if the file is
// unchanged.
func (f *file) read() (string, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	now, err := os.Stat(f.path)
	if err != nil {
		f.text, f.info = "", nil
		return "", err
	}
	if f.info != nil && same(f.info, now) {
		return f.text, nil
	}
	text, info, err := load(f.path)
	if err != nil {
		f.text, f.info = "", nil
		return "", err
	}
	f.text, f.info = text, nil
	if time.Since(info.ModTime()) > settled {
		f.info = info
	}
	return text, nil
}

func same(a, b os.FileInfo) bool {
	return a.Size() == b.Size() && a.ModTime().Equal(b.ModTime()) && os.SameFile(a, b)
}

// load reads a file and describes exactly the file it read, even if another takes its
// place meanwhile.
func load(path string) (string, os.FileInfo, error) {
	f, err := os.Open(path)
	if err != nil {
		return "", nil, err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return "", nil, err
	}
	b, err := io.ReadAll(f)
	if err != nil {
		return "", nil, err
	}
	return strings.TrimRight(string(b), "\r\n"), info, nil
}
