#include "ui/state/workspace.h"

#include <algorithm>

#include "core/analysis/filter_tokens.h"
#include "ui/state/filtering.h"
#include "ui/state/tile_requests.h"

namespace attnviz::ui {
namespace {

const std::shared_ptr<const AttentionSource> kNoSource;
const std::vector<Token> kNoTokens;

// The same text and shape: a run goes on, and what was chosen in it still means the same.
bool continues(const Document& document, const AttentionRun& run) {
    const auto& before = document.session.run;
    const auto index = static_cast<std::size_t>(document.source);
    return before && before->input == run.input && before->target == run.target &&
           before->sources.size() == run.sources.size() &&
           before->sources[index]->info().layers == run.sources[index]->info().layers &&
           before->sources[index]->info().heads == run.sources[index]->info().heads;
}

}  // namespace

Workspace::Workspace(QObject* parent)
    : QObject(parent),
      m_tiles(std::make_unique<TileRequests>()),
      m_queue(std::make_unique<JobQueue>("filters", postTo(this))),
      m_analyses(std::make_unique<JobQueue>("analyses", postTo(this))) {
    m_current = &addTo(m_documents);
}

Workspace::~Workspace() = default;

void Workspace::open(Session session, const QString& path) {
    if (!isEmpty()) makeCurrent(addTo(m_documents));
    Document& document = *m_current;
    document.text.clear();
    document.pair.clear();
    document.target.clear();
    document.ids.reset();
    document.written = {};
    if (const auto& run = session.run) {
        // What the model wrote is no part of what it was given.
        const bool two = run->input.texts.size() > 1;
        const QString last = QString::fromStdString(run->givenText(run->input));
        document.text = two ? QString::fromStdString(run->input.texts.front()) : last;
        if (two) document.pair = last;
        if (run->target) document.target = QString::fromStdString(run->givenText(*run->target));
    }
    document.path = path;
    document.session = std::move(session);
    document.source = 0;
    document.selection = {};
    setModified(false);
    emit documentsChanged();
    show(Change::run);
}

void Workspace::advance(int id, std::shared_ptr<const AttentionRun> run) {
    Document* document = findDocument(id);
    if (!document || !run) return;
    const bool same = continues(*document, *run);
    const bool shape = !same && document->session.run &&
                       document->session.run->sources.size() == run->sources.size() &&
                       document->session.run->main().info().layers == run->main().info().layers &&
                       document->session.run->main().info().heads == run->main().info().heads;
    if (same) {
        document->session.run = std::move(run);
    } else {
        // Another text with the same model: the same heads are looked at. Notes are of the document.
        Session session;
        session.run = std::move(run);
        session.notes = document->session.notes;
        document->session = std::move(session);
        document->path.clear();
        if (!shape) document->source = 0;
        const Selection before = document->selection;
        document->selection = {};
        if (shape) {
            document->selection.head = before.head;
            document->selection.heads = before.heads;
        }
        emit documentsChanged();
    }
    if (document == m_current) show(same ? Change::source : Change::run);
}

void Workspace::setNotes(const QString& notes) {
    if (session().notes == notes.toStdString()) return;
    m_current->session.notes = notes.toStdString();
    setModified(true);
}

void Workspace::setSourceIndex(int index) {
    if (isEmpty() || index == sourceIndex() || index < 0 || index >= static_cast<int>(run()->sources.size()))
        return;
    m_current->source = index;
    show(Change::run);
}

const std::shared_ptr<const AttentionSource>& Workspace::rawSource() const {
    return isEmpty() ? kNoSource : run()->sources[static_cast<std::size_t>(sourceIndex())];
}

bool Workspace::idle() const {
    return !m_preparing && m_expected == 0 && m_tiles->idle() && m_analyses->idle();
}

HeadId Workspace::clamped(HeadId head) const {
    const auto& raw = rawSource();
    if (!raw) return {};
    return {std::clamp(head.layer, 0, std::max(0, raw->info().layers - 1)),
            std::clamp(head.head, 0, std::max(0, raw->info().heads - 1))};
}

void Workspace::show(Change change) {
    const auto raw = rawSource();
    Selection& selection = m_current->selection;
    if (raw) {
        selection.head = clamped(selection.head);
        std::erase_if(selection.heads, [this](HeadId head) { return clamped(head) != head; });
        if (!selection.has(selection.head)) selection.heads = {selection.head};
    }
    const Filters filters = m_view.filters;
    auto heads =
        filters.combine == Combine::single ? std::vector<int>() : selection.headsOf(selection.head.layer);
    if (heads.size() < 2) heads.clear();  // one alone is no choice: all of the layer
    if (!raw || !filters.any()) {
        m_queue->cancel("show");
        m_preparing = false;
        m_shownFilters = filters;
        m_shownHeads.clear();
        apply({raw, raw}, selection.head, change);
        return;
    }
    // A change that was still being prepared is not forgotten when a smaller one overtakes it.
    const bool reusable = m_source && m_source != raw && filters == m_shownFilters && heads == m_shownHeads &&
                          change == Change::head;
    const Shown ready = reusable ? Shown{m_headsSource, m_source} : Shown{};
    if (m_preparing) change = std::min(change, m_preparedChange);
    m_preparedChange = change;
    m_preparing = true;
    m_queue->submit(
        "show",
        [run = run(), raw, ready, filters, heads,
         head = selection.head](std::stop_token stop) -> Result<Shown> {
            Shown shown = ready;
            if (!shown.combined) {
                Filters apart = filters;
                apart.combine = Combine::single;
                auto made = filteredSource(*run, raw, filterSettings(apart), stop);
                if (!made) return made.error();
                shown.heads = shown.combined = *made;
                if (filters.combine != Combine::single) {
                    auto joined = filteredSource(*run, raw, filterSettings(filters, heads), stop);
                    if (!joined) return joined.error();
                    shown.combined = *std::move(joined);
                }
            }
            const HeadId seen{head.layer, shown.combined->info().combined.empty() ? head.head : 0};
            if (head.layer < shown.combined->layersReady())
                if (auto done = summarizeHead(*shown.combined, seen, stop); !done) return done.error();
            return shown;
        },
        [this, change, filters, heads, head = selection.head](Result<Shown> shown) {
            m_preparing = false;
            if (shown) {
                m_shownFilters = filters;
                m_shownHeads = heads;
                apply(*std::move(shown), head, change);
            } else if (shown.error().kind != ErrorKind::cancelled) {
                emit filterRefused(QString::fromStdString(shown.error().sentence()));
            }
        });
}

void Workspace::apply(Shown shown, HeadId head, Change change) {
    const bool words = m_shownFilters.words;
    if (words != m_words) change = Change::run;  // other queries and keys
    // Combining other heads is another map under the same head.
    if (change == Change::head && shown.combined != m_source) change = Change::source;
    m_source = std::move(shown.combined);
    m_headsSource = std::move(shown.heads);
    m_shown = head;
    m_words = words;
    if (change == Change::run) {
        m_queryTexts = isEmpty() ? QStringList() : unitTexts(run()->queriesOf(*rawSource()), words);
        m_keyTexts = isEmpty() ? QStringList() : unitTexts(run()->keysOf(*rawSource()), words);
        m_hovered.reset();
        m_hoveredHead.reset();
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

void Workspace::setView(const ViewSettings& view) {
    if (view == m_view) return;
    const bool filters = view.filters != m_view.filters;
    m_view = view;
    emit viewChanged();
    if (filters && !isEmpty()) show(Change::source);
}

// Of all heads as the model has them: their numbers are always there, and no filter but a sum makes weights
// larger than 1.
double Workspace::largestWeight() const {
    double largest = 1e-6;
    if (const auto& raw = rawSource())
        for (int layer = 0; layer < raw->layersReady(); ++layer)
            for (int head = 0; head < raw->info().heads; ++head)
                largest = std::max(largest, raw->summary({layer, head}).maxWeight);
    return largest;
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
    } else if (m_view.range == RangeChoice::shared) {
        high = largestWeight();
    }
    if (m_view.logarithmic && low <= 0) low = high * 1e-3;
    return {**map, low, high, m_view.logarithmic};
}

ColorScale Workspace::sharedScale() const {
    const auto map = findColormap(m_view.colormap.toStdString());
    if (!map || m_view.range == RangeChoice::unit || m_view.range == RangeChoice::custom) return scale();
    const double high = largestWeight();
    return {**map, m_view.logarithmic ? high * 1e-3 : 0, high, m_view.logarithmic};
}

}  // namespace attnviz::ui
