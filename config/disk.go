package config

import (
	"slices"

	"github.com/hashicorp/hcl/v2/hclsyntax"

	"github.com/connector-relay/relay/relay/route/language"
)

// The bounds of a disk block's values.
const (
	leastMinFree  = 1 << 20
	leastMaxStore = 16 << 20
	mostDisk      = 1 << 50
)

// Disk bounds how much of the disk the store takes; 0 means the store's own bound, or
// none.
type Disk struct {
	// MinFree is how many bytes stay free, and MaxStore how many the store may hold.
	MinFree, MaxStore int64
}

func diskSchema() language.Schema {
	return language.Schema{Title: "a disk block", Attributes: []language.Attribute{{Name: "min_free"}, {Name: "max_store"}}}
}

// readDisk reads the disk block, if there is one.
func (f *File) readDisk(parent *hclsyntax.Body) (d Disk) {
	i := slices.IndexFunc(parent.Blocks, func(b *hclsyntax.Block) bool { return b.Type == "disk" })
	if i < 0 {
		return d
	}
	body := parent.Blocks[i].Body
	f.add(f.check(diskSchema(), body, parent.Blocks[i].DefRange())...)
	d.MinFree = f.readSize(body, "min_free", leastMinFree, mostDisk, 0)
	d.MaxStore = f.readSize(body, "max_store", leastMaxStore, mostDisk, 0)
	return d
}
