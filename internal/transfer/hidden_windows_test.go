package transfer

import (
	"os"
	"path/filepath"
	"slices"
	"syscall"
	"testing"
)

// TestFoldersThatWindowsHidesAreNotEntered marks a folder as hidden, as AppData is.
func TestFoldersThatWindowsHidesAreNotEntered(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	hidden := filepath.Join(dir, "AppData")
	if err := os.Mkdir(hidden, 0o700); err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(hidden, "a.jpg")
	if err := os.WriteFile(file, []byte("a photo"), 0o600); err != nil {
		t.Fatal(err)
	}
	name, err := syscall.UTF16PtrFromString(hidden)
	if err != nil {
		t.Fatal(err)
	}
	if err := syscall.SetFileAttributes(name, syscall.FILE_ATTRIBUTE_HIDDEN); err != nil {
		t.Fatal(err)
	}
	scan := func(args []string, o ScanOptions) (found []string) {
		for item := range Scan(args, o) {
			found = append(found, item.Path)
		}
		return found
	}
	if found := scan([]string{dir}, ScanOptions{}); found != nil {
		t.Errorf("without --hidden: %q", found)
	}
	if found := scan([]string{dir}, ScanOptions{Hidden: true}); !slices.Equal(found, []string{file}) {
		t.Errorf("with --hidden: %q", found)
	}
	if found := scan([]string{hidden}, ScanOptions{}); len(found) != 1 {
		t.Errorf("a hidden folder that is named: %q", found)
	}
}
