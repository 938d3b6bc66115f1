// Package decode turns the bytes of a dataset file into rows: it undoes
// compression, recognises what the file is, splits it into records, and reads
// each record as a conversation. It keeps what a row says beside its
// conversation, changes nothing silently, and refuses what it cannot read with
// a sentence that says what was found and what to do. It opens no files and
// knows no database.
//
// The way of a file is
//
//	r, kind, err := decode.Uncompress(file)
//	head, eof := the first bytes of r, up to decode.SniffBytes
//	found, err := decode.Sniff(head, eof, name)
//	s := decode.NewSplitter(io.MultiReader(bytes.NewReader(head), r), found.Container, decode.Position{}, ...)
//	d, err := decode.NewDecoder(found.Format, decode.DecodeOptions{Header: found.Header, ...})
//	for each record of s.Next(): row, err := d.Decode(record.Raw)
//
// Every error about the data is a *fault.Error whose message can be shown.
package decode
