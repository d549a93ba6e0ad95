package sqldb

import "strings"

// The queries of a search. A test explains them on every database.

// edgeQuery asks for the photo after so many of the list.
func (l *listing) edgeQuery(photos int) *query {
	q := l.walk(l.at+`, number`, l.after)
	q.text += l.order() + ` LIMIT 1 OFFSET ?`
	q.args = append(q.args, photos)
	return q
}

// inOrderTo is inOrder up to the edge, which is included. Without an edge it has no end.
func (l *listing) inOrderTo(edge *key) *query {
	if edge == nil {
		return l.inOrder(l.after)
	}
	q := l.walk(columns, l.after)
	q.where(l.rest.text, l.rest.args...)
	q.where(l.at+` >= ? AND (`+l.at+` > ? OR number >= ?)`, edge.at, edge.at, edge.number)
	q.text += l.order() + ` LIMIT ?`
	return q
}

// noRunQuery asks for photos that the index does not have: run is noRun or oldFold. The limit is its
// last argument. The sum keeps PostgreSQL from reading the whole library in order.
func (l *listing) noRunQuery(run int, edge *cursor) *query {
	q := &query{}
	q.where(`SELECT number, `+l.at+` FROM photo THROUGH photo_by_run WHERE run = ?`, run)
	l.conditions(q, edge)
	q.text += ` ORDER BY ` + l.at + ` + 0 DESC, number DESC LIMIT ?`
	return q
}

// amongQuery asks which of the numbers are those of photos after the edge.
func (l *listing) amongQuery(numbers []int64, edge *cursor) *query {
	list, args := numberList(numbers)
	q := &query{}
	q.where(`SELECT number, `+l.at+`, run FROM photo THROUGH number WHERE number IN `+list, args...)
	l.conditions(q, edge)
	return q
}

// conditions adds those of the list. The sums hide the index of the order: as long as PostgreSQL has no
// statistics of new rows, it expects that index to be the fastest, and reads the whole library.
func (l *listing) conditions(q *query, edge *cursor) {
	q.where(`owner = ?`, l.owner)
	q.where(`state + 0 = ?`, l.state)
	q.after(l.at+` + 0`, edge)
	q.where(l.rest.text, l.rest.args...)
}

// photosQuery asks for photos in the order of the list.
func (l *listing) photosQuery(numbers []int64) *query {
	list, args := numberList(numbers)
	return &query{`SELECT ` + columns + ` FROM photo THROUGH number WHERE number IN ` + list + l.order(), args}
}

// runsQuery asks for the runs that may have photos after the edge.
func (l *listing) runsQuery(edge *cursor) *query {
	times := strings.TrimSuffix(l.at, "_at") // uploaded or taken
	return &query{
		`SELECT id, last_` + times + `, ordered FROM search_run WHERE owner = ? AND ready = 1 AND first_` + times + ` <= ?`,
		[]any{l.owner, edge.at},
	}
}

// gramsQuery asks for rows of the index. It has room for n runs; the last one fills it up, so that
// there are few different statements.
func gramsQuery(runs []searchRun, n int, condition string, args []any) *query {
	var ids []any
	for i := range n {
		ids = append(ids, runs[min(i, len(runs)-1)].id)
	}
	return &query{
		`SELECT run, gram, photos FROM search_gram WHERE run IN (?` + strings.Repeat(`, ?`, n-1) + `) AND ` + condition,
		append(ids, args...),
	}
}
