// A text on its way through normalizers and pre-tokenizers, that knows for each of its bytes which part of
// the original text it stands for.
//
// As long as nothing has moved, no alignment is kept (a long ASCII text costs its own bytes and no more). The
// unit is always a whole character of the original, so pieces of one character all carry that character's
// span.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "core/text/utf8.h"

namespace attnviz {

struct ByteSpan {
    std::uint32_t begin = 0;
    std::uint32_t end = 0;
    bool operator==(const ByteSpan&) const = default;
};

// One character of a new text. `change` is what the reference's transformations call it: 0 replaces the next
// character of the old text, 1 is inserted, -n replaces the next one and drops the n after it.
struct CharacterChange {
    char32_t point = 0;
    int change = 0;
};

class AlignedText {
 public:
    AlignedText() = default;
    // The part of an original text that begins at byte `origin`.
    AlignedText(std::string text, std::uint32_t origin) : m_text(std::move(text)), m_origin(origin) {}

    const std::string& text() const { return m_text; }
    std::size_t size() const { return m_text.size(); }
    std::uint32_t origin() const { return m_origin; }
    bool isIdentity() const { return m_spans.empty() && m_before == 0; }

    // The span of the original that the byte stands for.
    ByteSpan at(std::size_t byte) const;
    // The span of the character of `length` bytes that begins at `byte`.
    ByteSpan spanOf(std::size_t byte, std::size_t length) const {
        if (!m_spans.empty() || byte < m_before) return at(byte);
        const auto first = m_origin + static_cast<std::uint32_t>(byte - m_before);
        return {first, first + static_cast<std::uint32_t>(length)};
    }
    // From the first byte's begin to the last one's end; begin < end.
    ByteSpan over(std::size_t begin, std::size_t end) const { return {at(begin).begin, at(end - 1).end}; }

    void append(const AlignedText& other);
    // Same text length, same characters' lengths: only letters change, the alignment stays.
    void replaceLetters(std::string text) { m_text = std::move(text); }
    // [begin, end) by itself.
    AlignedText slice(std::size_t begin, std::size_t end) const;
    // Keeps [begin, end).
    void cut(std::size_t begin, std::size_t end);
    // What stands before the first character gets that character's span. Nothing happens to an empty text.
    void prepend(std::string_view prefix);

    // Rewrites character by character: `each(point, out)` appends to `out` what takes the character's place.
    template <class Each>
    void rewrite(Each&& each) {
        Writer out(m_text.size());
        for (std::size_t at = 0; at < m_text.size();) {
            const utf8::Character character = utf8::decode(m_text, at);
            out.m_source = spanOf(at, character.length);
            each(character.point, out);
            at += character.length;
        }
        take(std::move(out));
    }

    // Builds a text with its alignment.
    class Writer {
     public:
        explicit Writer(std::size_t expected) {
            m_text.reserve(expected);
            m_spans.reserve(expected);
        }
        void put(char32_t point) {
            if (point < 0x80) {
                m_text.push_back(static_cast<char>(point));
                m_spans.push_back(m_source);
                return;
            }
            utf8::append(m_text, point);
            m_spans.resize(m_text.size(), m_source);
        }
        void put(std::string_view text, ByteSpan source) {
            m_text += text;
            m_spans.resize(m_text.size(), source);
        }
        void put(char letter, ByteSpan source) {
            m_text.push_back(letter);
            m_spans.push_back(source);
        }
        void copy(const AlignedText& from, std::size_t begin, std::size_t end);
        // Characters that are put from here on stand for `source`.
        void standFor(ByteSpan source) { m_source = source; }
        std::size_t size() const { return m_text.size(); }
        void shorten(std::size_t size) {
            m_text.resize(size);
            m_spans.resize(size);
        }

     private:
        friend class AlignedText;
        std::string m_text;
        std::vector<ByteSpan> m_spans;
        ByteSpan m_source;
    };
    // A text that was made elsewhere, with one span a byte.
    void take(std::string text, std::vector<ByteSpan> spans) {
        m_text = std::move(text);
        m_spans = std::move(spans);
        m_before = 0;
    }
    void take(Writer&& writer) { take(std::move(writer.m_text), std::move(writer.m_spans)); }

    // Makes a new text of an old one, change by change.
    class Transformation {
     public:
        explicit Transformation(AlignedText& text) : m_text(text), m_out(text.size() + text.size() / 8) {}
        void add(CharacterChange change) {
            put();
            m_last = change;
            m_pending = true;
        }
        // `count` more characters of the old text go with the last change, if there was one.
        void drop(int count) { m_last.change -= count; }
        void finish() {
            put();
            m_text.take(std::move(m_out));
        }

     private:
        void put();
        void skip();
        AlignedText& m_text;
        Writer m_out;
        std::size_t m_source = 0;  // the next character of the old text
        CharacterChange m_last;
        bool m_pending = false;
    };

 private:
    void materialize();

    std::string m_text;
    // One a byte. Empty: byte i stands for byte m_origin + i - m_before, what is before for the first
    // character.
    std::vector<ByteSpan> m_spans;
    std::uint32_t m_origin = 0;
    std::size_t m_before = 0;  // bytes
};

}  // namespace attnviz
