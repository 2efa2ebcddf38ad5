#include "ui/state/workspace.h"

#include <algorithm>

#include "ui/state/filtering.h"
#include "ui/state/tile_requests.h"
#include "ui/widgets/token_text.h"

namespace attnviz::ui {
namespace {

const std::shared_ptr<const AttentionSource> kNoSource;
const std::vector<Token> kNoTokens;

}  // namespace

Workspace::Workspace(QObject* parent) : QObject(parent), m_tiles(std::make_unique<TileRequests>()) {}

Workspace::~Workspace() = default;

void Workspace::open(Session session) {
    m_session = std::move(session);
    m_sourceIndex = 0;
    m_head = {};
    m_hovered.reset();
    m_pinned.reset();
    setModified(false);
    rebuildSource();
    rebuildTexts();
    keepInRange();
    emit runChanged();
}

void Workspace::advance(std::shared_ptr<const AttentionRun> run) {
    const bool same =
        m_session.run && run && m_session.run->input == run->input && m_session.run->target == run->target &&
        m_session.run->sources.size() == run->sources.size() &&
        rawSource()->info().layers == run->sources[static_cast<std::size_t>(m_sourceIndex)]->info().layers;
    if (!same) {
        const HeadId head = m_head;
        Session session;
        session.run = std::move(run);
        m_session = std::move(session);
        m_sourceIndex = 0;
        m_hovered.reset();
        m_pinned.reset();
        rebuildSource();
        rebuildTexts();
        m_head = head;
        keepInRange();
        emit runChanged();
        return;
    }
    m_session.run = std::move(run);
    rebuildSource();
    emit sourceChanged();
}

void Workspace::setNotes(const QString& notes) {
    if (m_session.notes == notes.toStdString()) return;
    m_session.notes = notes.toStdString();
    setModified(true);
}

void Workspace::setModified(bool modified) {
    if (modified == m_modified) return;
    m_modified = modified;
    emit modifiedChanged();
}

void Workspace::setRunning(double fraction) {
    if (fraction == m_running) return;
    m_running = fraction;
    emit runningChanged();
}

void Workspace::setSourceIndex(int index) {
    if (isEmpty() || index == m_sourceIndex || index < 0 || index >= static_cast<int>(run()->sources.size()))
        return;
    m_sourceIndex = index;
    m_hovered.reset();
    m_pinned.reset();
    rebuildSource();
    rebuildTexts();
    keepInRange();
    emit runChanged();
}

const std::shared_ptr<const AttentionSource>& Workspace::rawSource() const {
    return isEmpty() ? kNoSource : m_session.run->sources[static_cast<std::size_t>(m_sourceIndex)];
}

std::vector<std::shared_ptr<const AttentionSource>> Workspace::filteredSources() const {
    std::vector<std::shared_ptr<const AttentionSource>> out;
    if (isEmpty()) return out;
    Filters filters = m_view.filters;
    filters.combine = Combine::single;  // exports combine by themselves
    for (const auto& source : run()->sources) {
        auto filtered = filteredSource(*run(), source, filters);
        out.push_back(filtered ? *filtered : source);
    }
    return out;
}

void Workspace::rebuildSource() {
    m_source = rawSource();
    if (!m_source || !m_view.filters.any()) return;
    auto filtered = filteredSource(*run(), m_source, m_view.filters);
    if (filtered)
        m_source = *filtered;
    else if (filtered.error().kind != ErrorKind::cancelled)
        emit filterRefused(QString::fromStdString(filtered.error().sentence()));
}

void Workspace::rebuildTexts() {
    m_queryTexts.clear();
    m_keyTexts.clear();
    if (isEmpty()) return;
    m_queryTexts = tokenTexts(queryTokens());
    m_keyTexts = tokenTexts(keyTokens());
    if (m_source == rawSource() || !m_view.filters.words) return;
    m_queryTexts = wordTexts(queryTokens());
    m_keyTexts = wordTexts(keyTokens());
}

const std::vector<Token>& Workspace::queryTokens() const {
    return isEmpty() ? kNoTokens : run()->queriesOf(*rawSource()).tokens;
}

const std::vector<Token>& Workspace::keyTokens() const {
    return isEmpty() ? kNoTokens : run()->keysOf(*rawSource()).tokens;
}

void Workspace::keepInRange() {
    if (!m_source) return;
    const auto& raw = rawSource()->info();
    m_head = {std::clamp(m_head.layer, 0, std::max(0, raw.layers - 1)),
              std::clamp(m_head.head, 0, std::max(0, raw.heads - 1))};
    const auto& info = m_source->info();
    const auto inside = [&info](const std::optional<Cell>& cell) {
        return cell && cell->query < info.queries && cell->key < info.keys;
    };
    if (!inside(m_hovered)) m_hovered.reset();
    if (!inside(m_pinned)) m_pinned.reset();
}

HeadId Workspace::shownHead() const {
    if (m_source && m_source->info().heads == 1) return {m_head.layer, 0};
    return m_head;
}

bool Workspace::headReady() const {
    return m_source && m_head.layer < m_source->layersReady();
}

QString Workspace::headTitle() const {
    if (!m_source) return {};
    const auto& combined = m_source->info().combined;
    const QString head = combined.empty() ? tr("Head %1").arg(m_head.head) : QString::fromStdString(combined);
    return tr("Layer %1 · %2").arg(m_head.layer).arg(head);
}

void Workspace::setHead(HeadId head) {
    if (isEmpty() || head == m_head) return;
    const HeadId before = m_head;
    m_head = head;
    keepInRange();
    if (m_head != before) emit headChanged();
}

int Workspace::activeQuery() const {
    if (m_pinned) return m_pinned->query;
    if (m_hovered) return m_hovered->query;
    return m_source ? std::max(0, m_source->info().queries - 1) : 0;
}

std::optional<int> Workspace::activeKey() const {
    if (m_hovered) return m_hovered->key;
    if (m_pinned) return m_pinned->key;
    return std::nullopt;
}

void Workspace::setHovered(std::optional<Cell> cell) {
    if (cell == m_hovered) return;
    m_hovered = cell;
    keepInRange();
    emit hoverChanged();
}

void Workspace::setPinned(std::optional<Cell> cell) {
    if (cell == m_pinned) return;
    m_pinned = cell;
    keepInRange();
    emit pinChanged();
}

void Workspace::setView(const ViewSettings& view) {
    if (view == m_view) return;
    const bool filters = view.filters != m_view.filters, words = view.filters.words != m_view.filters.words;
    m_view = view;
    if (filters && !isEmpty()) {
        rebuildSource();
        rebuildTexts();
        keepInRange();
    }
    emit viewChanged();
    if (filters && !isEmpty()) {
        if (words)
            emit runChanged();
        else
            emit sourceChanged();
    }
}

ColorScale Workspace::scale() const {
    const auto map = findColormap(m_view.colormap.toStdString());
    if (!map) return {};
    double low = 0, high = 1;
    if (m_view.range == RangeChoice::custom) {
        low = m_view.low;
        high = m_view.high;
    } else if (m_view.range == RangeChoice::head && headReady()) {
        high = std::max(1e-6, m_source->summary(shownHead()).maxWeight);
    } else if (m_view.filters.combine == Combine::sum && headReady()) {
        high = std::max(1.0, m_source->summary(shownHead()).maxWeight);
    }
    if (m_view.logarithmic && low <= 0) low = high * 1e-3;
    return {**map, low, high, m_view.logarithmic};
}

}  // namespace attnviz::ui
