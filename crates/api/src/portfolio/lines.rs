//! Lines of a file, counted, of bounded length, some of them read again after a false start.

use std::collections::VecDeque;
use std::io::{self, BufRead, BufReader, Chain, Cursor, Read};

/// The longest line, in bytes. A row takes a few hundred.
pub const LINE_LEN_MAX: usize = 64 * 1024;

/// The head of the file, which has been read, and the rest of it.
type Input<R> = BufReader<Chain<Cursor<Vec<u8>>, R>>;

#[derive(Debug)]
pub struct Lines<R> {
    input: Input<R>,
    /// Number of the last line given out.
    number: u64,
    offset: u64,
    again: VecDeque<Vec<u8>>,
}

/// A line was read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Line {
    /// From 1.
    pub number: u64,
    /// False: it is longer than [`LINE_LEN_MAX`], and its end was skipped.
    pub whole: bool,
}

impl<R: Read> Lines<R> {
    pub fn new(head: Vec<u8>, rest: R) -> Self {
        let input = BufReader::with_capacity(256 * 1024, Cursor::new(head).chain(rest));
        Self { input, number: 0, offset: 0, again: VecDeque::new() }
    }

    /// Reads the next line into `line`, always with a line feed at the end; `None`: there is no more.
    pub fn next(&mut self, line: &mut Vec<u8>) -> io::Result<Option<Line>> {
        line.clear();
        let mut whole = true;
        if let Some(again) = self.again.pop_front() {
            *line = again;
        } else {
            let mut read = self.read(line)?;
            if read == 0 {
                return Ok(None);
            }
            let mut skipped = Vec::new();
            while read == LINE_LEN_MAX && line.last() != Some(&b'\n') && skipped.last() != Some(&b'\n') {
                whole = false;
                skipped.clear();
                read = self.read(&mut skipped)?;
            }
        }
        if line.last() != Some(&b'\n') {
            line.push(b'\n');
        }
        self.number += 1;
        Ok(Some(Line { number: self.number, whole }))
    }

    fn read(&mut self, line: &mut Vec<u8>) -> io::Result<usize> {
        let read = self.input.by_ref().take(LINE_LEN_MAX as u64).read_until(b'\n', line)?;
        self.offset += read as u64;
        Ok(read)
    }

    /// Gives the last lines back, in their order.
    pub fn again(&mut self, lines: Vec<Vec<u8>>) {
        self.number -= lines.len() as u64;
        for line in lines.into_iter().rev() {
            self.again.push_front(line);
        }
    }

    /// Bytes read so far.
    pub fn offset(&self) -> u64 {
        self.offset
    }

    /// Number of the last line.
    pub fn number(&self) -> u64 {
        self.number
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn all(text: &[u8]) -> Vec<(u64, bool, usize)> {
        let (head, rest) = text.split_at(text.len().min(5));
        let mut lines = Lines::new(head.to_vec(), rest);
        let (mut line, mut read) = (Vec::new(), Vec::new());
        while let Some(Line { number, whole }) = lines.next(&mut line).expect("in memory") {
            assert_eq!(line.last(), Some(&b'\n'));
            read.push((number, whole, line.len()));
        }
        assert_eq!(lines.offset(), text.len() as u64);
        read
    }

    #[test]
    fn lines_are_counted_and_bounded() {
        assert_eq!(all(b""), []);
        assert_eq!(all(b"one\n\nthree"), [(1, true, 4), (2, true, 1), (3, true, 6)]);
        for length in [LINE_LEN_MAX, LINE_LEN_MAX + 1, 3 * LINE_LEN_MAX, 3 * LINE_LEN_MAX + 7] {
            let mut text = vec![b'x'; length];
            text.extend(b"\nnext\n");
            assert_eq!(all(&text), [(1, false, LINE_LEN_MAX + 1), (2, true, 5)], "{length}");
        }
        let mut longest = vec![b'x'; LINE_LEN_MAX - 1];
        longest.extend(b"\nnext\n");
        assert_eq!(all(&longest), [(1, true, LINE_LEN_MAX), (2, true, 5)]);
    }
}
