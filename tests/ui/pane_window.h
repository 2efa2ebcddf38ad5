// One pane of the real window, alone and of a given size, with a run of known patterns.
#pragma once

#include <QDockWidget>
#include <QLabel>
#include <QtTest>

#include "core/attention/attention_run.h"
#include "ui/main_window.h"
#include "ui/panes/pane.h"
#include "ui/state/workspace.h"

namespace attnviz::test {

// Heads that do one thing each, layer by layer: head 0 looks at the token before, head 1 at the first token,
// head 2 at all alike, head 3 at itself; and again. A twentieth of each row is spread over what it sees, a
// little more or less by head, so that no two are equal. Nothing of it is kept, whatever the length.
class PatternSource final : public AttentionSource {
 public:
    PatternSource(int layers, int heads, int tokens, bool causal = true, std::vector<int> padding = {})
        : PatternSource(layers, heads, tokens, tokens,
                        causal ? AttentionKind::decoder : AttentionKind::encoder, std::move(padding)) {}
    PatternSource(int layers, int heads, int queries, int keys, AttentionKind kind,
                  std::vector<int> padding = {}) {
        m_info.kind = kind;
        m_info.layers = layers;
        m_info.heads = m_info.keyValueHeads = heads;
        m_info.queries = queries;
        m_info.keys = keys;
        m_info.visibility =
            kind == AttentionKind::decoder ? Visibility::causal(queries) : Visibility::full(queries, keys);
        if (!padding.empty()) m_info.visibility.setMaskedKeys(std::move(padding));
        m_info.storage = "made";
        std::vector<float> weights(static_cast<std::size_t>(keys));
        for (int layer = 0; layer < layers; ++layer)
            for (int head = 0; head < heads; ++head) {
                HeadSummaryBuilder summary(queries, keys, m_info.square());
                OverviewBuilder overview(queries, keys);
                for (int query = 0; query < queries; ++query) {
                    row({layer, head}, query, weights);
                    const KeyRange range = visible(layer, query);
                    const auto seen = std::span<const float>(weights).subspan(
                        static_cast<std::size_t>(range.begin), static_cast<std::size_t>(range.size()));
                    summary.addRow(layer, query, range, seen, m_info.visibility);
                    overview.addRow(query, range, seen, m_info.visibility);
                }
                m_summaries.push_back(summary.finish());
                m_overviews.push_back(overview.finish());
            }
    }

    const AttentionInfo& info() const override { return m_info; }
    const Overview& overview(HeadId head) const override { return m_overviews[at(head)]; }
    const HeadSummary& summary(HeadId head) const override { return m_summaries[at(head)]; }
    void row(HeadId head, int query, std::span<float> keys) const override {
        std::ranges::fill(keys, 0.0F);
        const KeyRange range = visible(head.layer, query);
        const int seen = m_info.visibility.visibleCount(head.layer, query);
        if (seen == 0) return;
        const int pattern = head.head % 4;
        const float spread =
            pattern == 2 ? 1.0F : 0.04F + 0.002F * static_cast<float>(head.layer + head.head);
        for (int key = range.begin; key < range.end; ++key)
            if (!m_info.visibility.masked(key))
                keys[static_cast<std::size_t>(key)] = spread / static_cast<float>(seen);
        const int wanted = pattern == 0 ? query - 1 : pattern == 1 ? 0 : query;
        const int target = std::clamp(wanted, range.begin, range.end - 1);
        if (spread < 1) keys[static_cast<std::size_t>(target)] += 1 - spread;
    }

 private:
    std::size_t at(HeadId head) const {
        return static_cast<std::size_t>(head.layer) * static_cast<std::size_t>(m_info.heads) +
               static_cast<std::size_t>(head.head);
    }
    AttentionInfo m_info;
    std::vector<HeadSummary> m_summaries;
    std::vector<Overview> m_overviews;
};

inline TokenizedText tokensOf(int count) {
    static const char* const kWords[] = {"Alice", " was",  " beginning", " to",
                                         " get",  " very", " tired",     " of"};
    TokenizedText text;
    std::string whole;
    for (int i = 0; i < count; ++i) {
        Token token;
        token.id = i % 8;
        token.text = kWords[i % 8];
        token.begin = whole.size();
        whole += token.text;
        token.end = whole.size();
        text.tokens.push_back(token);
    }
    text.texts = {whole};
    return text;
}

inline std::shared_ptr<const AttentionRun> patternRun(int layers, int heads, int tokens, bool causal = true) {
    auto run = std::make_shared<AttentionRun>();
    run->input = tokensOf(tokens);
    run->model.name = "patterns";
    run->sources = {std::make_shared<PatternSource>(layers, heads, tokens, causal)};
    return run;
}

// The pointer over a part of a widget, without a pointer: QTest::mouseMove needs a window system.
inline void movePointer(QWidget& widget, const QPointF& position, Qt::MouseButtons buttons = Qt::NoButton) {
    QMouseEvent event(QEvent::MouseMove, position, widget.mapToGlobal(position), Qt::NoButton, buttons, {});
    QCoreApplication::sendEvent(&widget, &event);
}

// The main window with the pane's dock floating at the given size; other docks as the layout has them.
class PaneWindow {
 public:
    explicit PaneWindow(const char* pane, QSize size = {440, 780},
                        ui::ThemeChoice theme = ui::ThemeChoice::light)
        : m_window(settings(theme)), m_size(size) {
        m_window.resize(1280, 800);
        m_window.show();
        m_dock = m_window.findChild<QDockWidget*>(pane);
        if (!m_dock) qFatal("the window has no dock of that name");
        m_dock->setFloating(true);
        m_dock->show();
        m_dock->resize(size);
    }
    void open(std::shared_ptr<const AttentionRun> run) {
        Session session;
        session.run = std::move(run);
        workspace().open(session);
        show();
    }
    // Docks are hidden while nothing is open; the layout comes back with the first document.
    void show() {
        m_dock->setFloating(true);
        m_dock->show();
        m_dock->resize(m_size);
        settle();
    }
    // Until nothing is computed any more. A result that was handed over asks for the next piece of work when
    // it is delivered: idle for a moment is not enough.
    bool settle(int limitMs = 30'000) {
        int quiet = 0;
        return QTest::qWaitFor(
            [this, &quiet] {
                const bool idle = m_window.isIdle() && workspace().idle();
                quiet = idle ? quiet + 1 : 0;
                return quiet > 3;
            },
            limitMs);
    }
    ui::MainWindow& window() { return m_window; }
    ui::Workspace& workspace() { return m_window.workspace(); }
    QDockWidget& dock() { return *m_dock; }
    ui::Pane& pane() {
        for (auto* child : m_dock->findChildren<QWidget*>())
            if (auto* found = dynamic_cast<ui::Pane*>(child)) return *found;
        qFatal("the dock holds no pane");
    }
    template <class Widget>
    Widget& part() {
        auto* found = m_dock->findChild<Widget*>();
        if (!found) qFatal("the pane has no such part");
        return *found;
    }
    template <class Widget>
    Widget& named(const QString& accessible) {
        for (auto* child : m_dock->findChildren<Widget*>())
            if (child->accessibleName() == accessible) return *child;
        qFatal("the pane has no part of that name");
    }
    // All words that are seen in the pane's labels.
    QString words() {
        QStringList all;
        for (auto* label : m_dock->findChildren<QLabel*>())
            if (label->isVisible()) all << label->text();
        return all.join('\n');
    }
    void picture(const QString& name) {
        settle();
        QCoreApplication::sendPostedEvents();
        m_dock->grab().save(name + ".png");
    }

 private:
    static ui::WindowSettings settings(ui::ThemeChoice theme) {
        ui::WindowSettings made;
        made.theme = theme;
        made.remember = false;
        return made;
    }
    ui::MainWindow m_window;
    QSize m_size;
    QDockWidget* m_dock = nullptr;
};

}  // namespace attnviz::test
