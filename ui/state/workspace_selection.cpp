// What is chosen in the current document: heads, tokens, pins, and what the pointer is over.
#include <algorithm>
#include <tuple>

#include "ui/state/workspace.h"
#include "ui/widgets/map_content.h"

namespace attnviz::ui {

HeadId Workspace::shownHead() const {
    return m_source && !m_source->info().combined.empty() ? HeadId{m_shown.layer, 0} : m_shown;
}

bool Workspace::headReady() const {
    return m_source && m_shown.layer < m_source->layersReady();
}

QString Workspace::headTitle() const {
    if (!m_source) return {};
    const auto& combined = m_source->info().combined;
    const QString head =
        combined.empty() ? tr("Head %1").arg(m_shown.head) : QString::fromStdString(combined);
    return tr("Layer %1 · %2").arg(m_shown.layer).arg(head);
}

void Workspace::chooseHeads(std::vector<HeadId> heads, HeadId shown) {
    if (isEmpty()) return;
    shown = clamped(shown);
    heads.push_back(shown);
    for (auto& head : heads) head = clamped(head);
    std::ranges::sort(heads);
    heads.erase(std::unique(heads.begin(), heads.end()), heads.end());
    Selection& selection = m_current->selection;
    if (selection.head == shown && selection.heads == heads) return;
    const bool other = selection.head != shown;
    selection.head = shown;
    selection.heads = std::move(heads);
    emit headChosen();
    if (other || m_view.filters.combine != Combine::single) show(Change::head);
}

void Workspace::setHead(HeadId head) {
    chooseHeads({}, head);
}

void Workspace::setHeads(std::vector<HeadId> heads, HeadId shown) {
    chooseHeads(std::move(heads), shown);
}

void Workspace::toggleHead(HeadId head) {
    auto heads = selection().heads;
    const auto found = std::ranges::find(heads, head);
    if (found == heads.end()) return chooseHeads(std::move(heads), head);
    if (heads.size() == 1) return;
    heads.erase(found);
    chooseHeads(heads, head == selection().head ? heads.back() : selection().head);
}

void Workspace::extendHeads(HeadId to) {
    const HeadId from = selection().head;
    to = clamped(to);
    std::vector<HeadId> heads;
    const auto [firstLayer, lastLayer] = std::minmax(from.layer, to.layer);
    const auto [firstHead, lastHead] = std::minmax(from.head, to.head);
    for (int layer = firstLayer; layer <= lastLayer; ++layer)
        for (int head = firstHead; head <= lastHead; ++head) heads.push_back({layer, head});
    chooseHeads(std::move(heads), from);
}

void Workspace::setHoveredHead(std::optional<HeadId> head) {
    if (head == m_hoveredHead) return;
    m_hoveredHead = head;
    emit headHovered();
}

void Workspace::keepInRange() {
    if (!m_source) return;
    const auto& info = m_source->info();
    const auto inside = [&info](const Cell& cell) {
        return cell.query >= 0 && cell.key >= 0 && cell.query < info.queries && cell.key < info.keys;
    };
    if (m_hovered && !inside(*m_hovered)) m_hovered.reset();
    Selection& selection = m_current->selection;
    std::erase_if(selection.pins, [&](const Cell& cell) { return !inside(cell); });
    const auto cut = [](std::optional<KeyRange>& range, int count) {
        if (!range) return;
        range = KeyRange{std::max(0, range->begin), std::min(count, range->end)};
        if (range->size() <= 0) range.reset();
    };
    cut(selection.queries, info.queries);
    cut(selection.keys, info.keys);
}

void Workspace::setTokens(std::optional<KeyRange> queries, std::optional<KeyRange> keys) {
    Selection& selection = m_current->selection;
    if (isEmpty() || (selection.queries == queries && selection.keys == keys)) return;
    selection.queries = queries;
    selection.keys = keys;
    keepInRange();
    emit tokensChosen();
}

void Workspace::setSeen(KeyRange queries, KeyRange keys) {
    if (queries == m_seenQueries && keys == m_seenKeys) return;
    m_seenQueries = queries;
    m_seenKeys = keys;
    emit seenChanged();
}

std::optional<Cell> Workspace::pinned() const {
    return pins().empty() ? std::nullopt : std::optional(pins().back());
}

int Workspace::activeQuery() const {
    if (const auto pin = pinned()) return pin->query;
    if (m_hovered) return m_hovered->query;
    return m_source ? std::max(0, contentOf(m_source->info()).queries.end - 1) : 0;
}

std::optional<int> Workspace::activeKey() const {
    if (m_hovered) return m_hovered->key;
    if (const auto pin = pinned()) return pin->key;
    return std::nullopt;
}

void Workspace::setHovered(std::optional<Cell> cell) {
    if (cell == m_hovered) return;
    m_hovered = cell;
    keepInRange();
    emit hoverChanged();
}

void Workspace::setPinned(std::optional<Cell> cell) {
    std::vector<Cell> pins;
    if (cell) pins.push_back(*cell);
    if (isEmpty() || pins == this->pins()) return;
    m_current->selection.pins = std::move(pins);
    keepInRange();
    emit pinChanged();
}

void Workspace::togglePin(Cell cell) {
    if (isEmpty()) return;
    auto& pins = m_current->selection.pins;
    const auto found = std::ranges::find(pins, cell);
    if (found == pins.end())
        pins.push_back(cell);
    else
        pins.erase(found);
    keepInRange();
    emit pinChanged();
}

}  // namespace attnviz::ui
