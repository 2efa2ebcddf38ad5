#include "core/text/aligned_text.h"

#include <algorithm>

namespace attnviz {

ByteSpan AlignedText::at(std::size_t byte) const {
    if (!m_spans.empty()) return m_spans[byte];
    std::size_t begin = std::max(byte, m_before);
    while (begin > m_before && utf8::isContinuation(m_text[begin])) --begin;
    const auto first = m_origin + static_cast<std::uint32_t>(begin - m_before);
    return {first, first + static_cast<std::uint32_t>(utf8::lengthOfLead(m_text[begin]))};
}

void AlignedText::Writer::copy(const AlignedText& from, std::size_t begin, std::size_t end) {
    m_text.append(from.m_text, begin, end - begin);
    if (!from.m_spans.empty()) {
        m_spans.insert(m_spans.end(), from.m_spans.begin() + static_cast<std::ptrdiff_t>(begin),
                       from.m_spans.begin() + static_cast<std::ptrdiff_t>(end));
        return;
    }
    for (std::size_t byte = begin; byte < end;) {
        const ByteSpan span = from.at(byte);
        const std::size_t next = std::min<std::size_t>(span.end - from.m_origin + from.m_before, end);
        for (; byte < next; ++byte) m_spans.push_back(span);
    }
}

void AlignedText::materialize() {
    if (!m_spans.empty() || m_text.empty()) return;
    Writer writer(m_text.size());
    writer.copy(*this, 0, m_text.size());
    m_spans = std::move(writer.m_spans);
    m_before = 0;
}

void AlignedText::append(const AlignedText& other) {
    if (other.m_text.empty()) return;
    if (m_text.empty()) {
        *this = other;
        return;
    }
    if (isIdentity() && other.isIdentity() && m_origin + m_text.size() == other.m_origin) {
        m_text += other.m_text;
        return;
    }
    materialize();
    Writer writer(other.size());
    writer.copy(other, 0, other.size());
    m_text += writer.m_text;
    m_spans.insert(m_spans.end(), writer.m_spans.begin(), writer.m_spans.end());
}

AlignedText AlignedText::slice(std::size_t begin, std::size_t end) const {
    AlignedText part;
    part.m_origin = m_origin;
    if (isIdentity()) {
        part.m_text = m_text.substr(begin, end - begin);
        part.m_origin += static_cast<std::uint32_t>(begin);
        return part;
    }
    Writer writer(end - begin);
    writer.copy(*this, begin, end);
    part.take(std::move(writer));
    return part;
}

void AlignedText::cut(std::size_t begin, std::size_t end) {
    if (isIdentity()) {
        m_origin += static_cast<std::uint32_t>(begin);
        m_text = m_text.substr(begin, end - begin);
        return;
    }
    materialize();
    m_text = m_text.substr(begin, end - begin);
    m_spans.erase(m_spans.begin() + static_cast<std::ptrdiff_t>(end), m_spans.end());
    m_spans.erase(m_spans.begin(), m_spans.begin() + static_cast<std::ptrdiff_t>(begin));
}

void AlignedText::prepend(std::string_view prefix) {
    if (m_text.empty() || prefix.empty()) return;
    if (m_spans.empty()) {
        m_text.insert(0, prefix);
        m_before += prefix.size();
        return;
    }
    Writer writer(m_text.size() + prefix.size());
    writer.put(prefix, at(0));
    writer.copy(*this, 0, m_text.size());
    take(std::move(writer));
}

void AlignedText::Transformation::skip() {
    if (m_source < m_text.size()) m_source += utf8::lengthOfLead(m_text.m_text[m_source]);
}

void AlignedText::Transformation::put() {
    if (!m_pending) return;
    if (m_last.change > 0) {
        m_out.m_source = m_source == 0 ? ByteSpan{m_text.m_origin, m_text.m_origin} : m_text.at(m_source - 1);
    } else {
        m_out.m_source = m_text.at(std::min(m_source, m_text.size() - 1));
        skip();
        for (int dropped = m_last.change; dropped < 0; ++dropped) skip();
    }
    m_out.put(m_last.point);
}

}  // namespace attnviz
