package main

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strings"

	"github.com/spf13/viper"
	"go.yaml.in/yaml/v3"

	"photos/internal/auth/secret"
	"photos/internal/photo"
)

// writeFile changes one setting in config.yaml, or adds it. It checks the value first, and
// replaces the file as a whole.
func (s *settings) writeFile(key, value string) error {
	row, ok := fileSetting(key)
	if !ok {
		return unknownKey(key)
	}
	if err := row.checkText(value); err != nil {
		return &photo.Error{Kind: photo.KindUsage, Msg: key + ": " + err.Error()}
	}
	content, err := os.ReadFile(s.file())
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("config file: %w", err)
	}
	if content, err = setKey(content, row, value); err != nil {
		return badConfig(s.file(), 0, oneLine(err.Error()))
	}
	return s.replaceFile(content)
}

// replaceFile replaces config.yaml as a whole, if the content is valid.
func (s *settings) replaceFile(content []byte) error {
	if err := s.tryContent(content); err != nil {
		return err
	}
	if err := os.MkdirAll(s.dir, 0o700); err != nil {
		return fmt.Errorf("config file: %w", err)
	}
	if err := secret.ReplaceFile(s.file(), content); err != nil {
		return fmt.Errorf("config file: %w", err)
	}
	return nil
}

// tryContent reads the content of a config.yaml that is not written yet, and checks its values.
func (s *settings) tryContent(content []byte) error {
	try := settings{dir: s.dir, v: viper.New(), sources: map[string]string{}}
	for _, row := range allSettings() {
		try.v.SetDefault(row.key, row.def)
		try.sources[row.key] = "value " + row.key
	}
	if err := try.readContent(content); err != nil {
		return err
	}
	if err := try.v.Unmarshal(&try); err != nil {
		return badConfig(s.file(), 0, oneLine(err.Error()))
	}
	try.Profile = strings.ToLower(try.Profile)
	return try.check()
}

// setKey returns the content of a config.yaml with another value of one key. It keeps the
// other keys and the comments.
func setKey(content []byte, row setting, value string) ([]byte, error) {
	var doc yaml.Node
	if err := yaml.Unmarshal(content, &doc); err != nil {
		return nil, err
	}
	if len(doc.Content) == 0 { // no keys yet, but maybe comments
		line, err := yaml.Marshal(&yaml.Node{Kind: yaml.MappingNode, Content: []*yaml.Node{scalar(row.key, ""), scalar(value, row.def)}})
		if len(content) > 0 && !bytes.HasSuffix(content, []byte("\n")) {
			content = append(content, '\n')
		}
		return append(content, line...), err
	}
	top := doc.Content[0]
	if top.Kind != yaml.MappingNode {
		return nil, errors.New("want lines of the form  key: value")
	}
	found := false
	for i := 0; i+1 < len(top.Content); i += 2 {
		if strings.EqualFold(top.Content[i].Value, row.key) {
			n := scalar(value, row.def)
			n.HeadComment, n.LineComment, n.FootComment = top.Content[i+1].HeadComment, top.Content[i+1].LineComment, top.Content[i+1].FootComment
			top.Content[i+1], found = n, true
		}
	}
	if !found {
		top.Content = append(top.Content, scalar(row.key, ""), scalar(value, row.def))
	}
	var out bytes.Buffer
	enc := yaml.NewEncoder(&out)
	enc.SetIndent(2)
	if err := enc.Encode(&doc); err != nil {
		return nil, err
	}
	return out.Bytes(), enc.Close()
}

// scalar returns a value as config.yaml has it: a string in quotes if it needs them, and any
// other type without.
func scalar(value string, def any) *yaml.Node {
	n := &yaml.Node{Kind: yaml.ScalarNode, Value: value}
	if _, ok := def.(string); ok {
		n.SetString(value)
	}
	return n
}
