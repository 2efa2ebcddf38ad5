#include "ui/widgets/index_field.h"

#include <QStyle>
#include <algorithm>
#include <numeric>

#include "core/base/index_list.h"

namespace attnviz::ui {

IndexField::IndexField(const char* what, const QString& name, QWidget* parent)
    : QLineEdit(parent), m_what(what) {
    setAccessibleName(name);
    setFixedWidth(72);
    connect(this, &QLineEdit::editingFinished, this, &IndexField::read);
}

void IndexField::setCount(int count) {
    if (count == m_count) return;
    const bool all = static_cast<int>(m_indices.size()) == m_count;
    m_count = count;
    std::erase_if(m_indices, [count](int index) { return index >= count; });
    if (all || m_indices.empty()) {
        m_indices.resize(static_cast<std::size_t>(count));
        std::iota(m_indices.begin(), m_indices.end(), 0);
    }
    showIndices();
}

void IndexField::setIndices(std::vector<int> indices) {
    m_indices = std::move(indices);
    showIndices();
}

void IndexField::showIndices() {
    setText(QString::fromStdString(indicesText(m_indices)));
    setToolTip({});
    setProperty("wrong", false);
    style()->unpolish(this);
    style()->polish(this);
}

void IndexField::read() {
    if (text().trimmed().isEmpty()) {  // cleared: all again
        m_indices.resize(static_cast<std::size_t>(m_count));
        std::iota(m_indices.begin(), m_indices.end(), 0);
        showIndices();
        emit indicesChosen(m_indices);
        return;
    }
    auto read = parseIndices(text().toStdString(), m_count, m_what);
    if (!read) {
        setToolTip(QString::fromStdString(read.error().sentence()).toHtmlEscaped());
        setProperty("wrong", true);
        style()->unpolish(this);
        style()->polish(this);
        return;
    }
    std::ranges::sort(*read);
    const bool changed = *read != m_indices;
    m_indices = std::move(*read);
    showIndices();
    if (changed) emit indicesChosen(m_indices);
}

}  // namespace attnviz::ui
