#include "ui/state/workspace.h"

#include <algorithm>

#include "ui/state/filtering.h"
#include "ui/state/tile_requests.h"

namespace attnviz::ui {
namespace {

const std::shared_ptr<const AttentionSource> kNoSource;
const std::vector<Token> kNoTokens;

}  // namespace

Workspace::Workspace(QObject* parent)
    : QObject(parent),
      m_tiles(std::make_unique<TileRequests>()),
      m_queue(std::make_unique<JobQueue>("filters", postTo(this))) {}

Workspace::~Workspace() = default;

void Workspace::open(Session session) {
    m_session = std::move(session);
    m_sourceIndex = 0;
    m_head = {};
    setModified(false);
    show(Change::run);
}

void Workspace::advance(std::shared_ptr<const AttentionRun> run) {
    const auto index = static_cast<std::size_t>(m_sourceIndex);
    const bool same = m_session.run && run && m_session.run->input == run->input &&
                      m_session.run->target == run->target &&
                      m_session.run->sources.size() == run->sources.size() &&
                      rawSource()->info().layers == run->sources[index]->info().layers;
    if (same) {
        m_session.run = std::move(run);
        show(Change::source);
        return;
    }
    Session session;
    session.run = std::move(run);
    m_session = std::move(session);
    m_sourceIndex = 0;
    show(Change::run);
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
    show(Change::run);
}

const std::shared_ptr<const AttentionSource>& Workspace::rawSource() const {
    return isEmpty() ? kNoSource : m_session.run->sources[static_cast<std::size_t>(m_sourceIndex)];
}

bool Workspace::idle() const {
    return !m_preparing && m_tiles->idle();
}

void Workspace::show(Change change) {
    const auto raw = rawSource();
    if (raw)
        m_head = {std::clamp(m_head.layer, 0, std::max(0, raw->info().layers - 1)),
                  std::clamp(m_head.head, 0, std::max(0, raw->info().heads - 1))};
    const Filters filters = m_view.filters;
    if (!raw || !filters.any()) {
        m_queue->cancel("show");
        m_preparing = false;
        m_shownFilters = filters;
        apply(raw, m_head, change);
        return;
    }
    // A change that was still being prepared is not forgotten when a smaller one overtakes it.
    const bool reusable = m_source && m_source != raw && filters == m_shownFilters && change == Change::head;
    const auto ready = reusable ? m_source : nullptr;
    if (m_preparing) change = std::min(change, m_preparedChange);
    m_preparedChange = change;
    m_preparing = true;
    using Source = std::shared_ptr<const AttentionSource>;
    m_queue->submit(
        "show",
        [run = m_session.run, raw, ready, filters, head = m_head](std::stop_token stop) -> Result<Source> {
            Source source = ready;
            if (!source) {
                auto made = filteredSource(*run, raw, filters, stop);
                if (!made) return made.error();
                source = *std::move(made);
            }
            const HeadId shown{head.layer, source->info().combined.empty() ? head.head : 0};
            if (head.layer < source->layersReady())
                if (auto done = summarizeHead(*source, shown, stop); !done) return done.error();
            return source;
        },
        [this, change, filters, head = m_head](Result<Source> source) {
            m_preparing = false;
            if (source) {
                m_shownFilters = filters;
                apply(*std::move(source), head, change);
            } else if (source.error().kind != ErrorKind::cancelled) {
                emit filterRefused(QString::fromStdString(source.error().sentence()));
            }
        });
}

void Workspace::apply(std::shared_ptr<const AttentionSource> source, HeadId head, Change change) {
    const bool words = m_shownFilters.words;
    if (words != m_words) change = Change::run;  // other queries and keys
    m_source = std::move(source);
    m_shown = head;
    m_words = words;
    if (change == Change::run) {
        m_queryTexts = isEmpty() ? QStringList() : unitTexts(run()->queriesOf(*rawSource()), words);
        m_keyTexts = isEmpty() ? QStringList() : unitTexts(run()->keysOf(*rawSource()), words);
        m_hovered.reset();
        m_pinned.reset();
    }
    keepInRange();
    switch (change) {
        case Change::run:
            emit runChanged();
            break;
        case Change::source:
            emit sourceChanged();
            break;
        case Change::head:
            emit headChanged();
            break;
    }
}

const std::vector<Token>& Workspace::queryTokens() const {
    return isEmpty() ? kNoTokens : run()->queriesOf(*rawSource()).tokens;
}

const std::vector<Token>& Workspace::keyTokens() const {
    return isEmpty() ? kNoTokens : run()->keysOf(*rawSource()).tokens;
}

void Workspace::keepInRange() {
    if (!m_source) return;
    const auto& info = m_source->info();
    const auto inside = [&info](const std::optional<Cell>& cell) {
        return cell && cell->query >= 0 && cell->key >= 0 && cell->query < info.queries &&
               cell->key < info.keys;
    };
    if (!inside(m_hovered)) m_hovered.reset();
    if (!inside(m_pinned)) m_pinned.reset();
}

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

void Workspace::setHead(HeadId head) {
    if (isEmpty()) return;
    const auto& info = rawSource()->info();
    head = {std::clamp(head.layer, 0, std::max(0, info.layers - 1)),
            std::clamp(head.head, 0, std::max(0, info.heads - 1))};
    if (head == m_head) return;
    m_head = head;
    emit headChosen();
    show(Change::head);
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
    const bool filters = view.filters != m_view.filters;
    m_view = view;
    emit viewChanged();
    if (filters && !isEmpty()) show(Change::source);
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
    } else if (m_shownFilters.combine == Combine::sum && headReady()) {
        high = std::max(1.0, m_source->summary(shownHead()).maxWeight);
    }
    if (m_view.logarithmic && low <= 0) low = high * 1e-3;
    return {**map, low, high, m_view.logarithmic};
}

}  // namespace attnviz::ui
