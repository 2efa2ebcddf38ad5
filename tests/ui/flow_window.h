// The Flow pane's dock in the real window, and runs of any length to show in it.
#pragma once

#include <QComboBox>
#include <QDockWidget>
#include <QPushButton>
#include <QtTest>

#include "core/attention/attention_run.h"
#include "core/session/session.h"
#include "ui/main_window.h"
#include "ui/panes/pane.h"
#include "ui/state/workspace.h"
#include "ui/widgets/flow_view.h"
#include "ui/widgets/read_out.h"

namespace attnviz::test {

using namespace attnviz::ui;

// Of any length and nothing kept: half of each row goes to the first token, a third to the one before, the
// rest to all that are seen. Layers differ a little.
class MadeSource final : public AttentionSource {
 public:
    MadeSource(int layers, int heads, int tokens, bool causal = true) {
        m_info.kind = causal ? AttentionKind::decoder : AttentionKind::encoder;
        m_info.layers = layers;
        m_info.heads = m_info.keyValueHeads = heads;
        m_info.queries = m_info.keys = tokens;
        m_info.visibility = Visibility(tokens, tokens).setCausal(causal);
        m_info.storage = "made";
        HeadSummaryBuilder summary(tokens, tokens, true);
        OverviewBuilder overview(tokens, tokens);
        std::vector<float> weights(static_cast<std::size_t>(tokens));
        for (int query = 0; query < tokens; ++query) {
            row({0, 0}, query, weights);
            const KeyRange range = visible(0, query);
            const auto seen = std::span<const float>(weights).first(static_cast<std::size_t>(range.end));
            summary.addRow(0, query, range, seen, m_info.visibility);
            overview.addRow(query, range, seen, m_info.visibility);
        }
        m_summary = summary.finish();
        m_overview = overview.finish();
    }
    const AttentionInfo& info() const override { return m_info; }
    const Overview& overview(HeadId) const override { return m_overview; }
    const HeadSummary& summary(HeadId) const override { return m_summary; }
    void row(HeadId head, int query, std::span<float> keys) const override {
        std::ranges::fill(keys, 0.0F);
        const KeyRange range = visible(head.layer, query);
        const float rest = 0.1F + 0.05F * static_cast<float>((head.layer + head.head) % 3);
        for (int key = range.begin; key < range.end; ++key)
            keys[static_cast<std::size_t>(key)] = rest / static_cast<float>(range.size());
        keys[0] += 0.6F * (1 - rest);
        keys[static_cast<std::size_t>(std::max(0, query - 1 - head.layer % 4))] += 0.4F * (1 - rest);
    }

 private:
    AttentionInfo m_info;
    HeadSummary m_summary;
    Overview m_overview;
};

inline std::shared_ptr<const AttentionRun> madeRun(int layers, int heads, int tokens) {
    auto run = std::make_shared<AttentionRun>();
    const QStringList words{"Alice",  " was", " beginning", " to", " get", " very",
                            " tired", " of",  " sitting",   " by", " her", " sister"};
    std::string text;
    for (int i = 0; i < tokens; ++i) {
        Token token;
        token.id = i;
        token.text = words[i % words.size()].toStdString();
        token.begin = text.size();
        text += token.text;
        token.end = text.size();
        run->input.tokens.push_back(token);
    }
    run->input.texts = {text};
    run->model.name = "made";
    run->sources = {std::make_shared<MadeSource>(layers, heads, tokens)};
    return run;
}

inline std::shared_ptr<const AttentionRun> withTokens(const AttentionRun& run,
                                                      const std::vector<std::string>& texts) {
    auto out = std::make_shared<AttentionRun>(run);
    std::string whole;
    for (std::size_t i = 0; i < out->input.tokens.size(); ++i) {
        auto& token = out->input.tokens[i];
        token.text = texts[i % texts.size()];
        token.begin = whole.size();
        whole += token.text;
        token.end = whole.size();
    }
    out->input.texts = {whole};
    return out;
}

class FlowWindow {
 public:
    explicit FlowWindow(ThemeChoice theme = ThemeChoice::light, QSize size = {832, 354}) {
        WindowSettings settings;
        settings.theme = theme;
        settings.remember = false;
        m_window = std::make_unique<MainWindow>(settings);
        m_window->resize(1280, 800);
        m_window->show();
        m_dock = m_window->findChild<QDockWidget*>("flow");
        m_size = size;
    }
    void open(std::shared_ptr<const AttentionRun> run) {
        Session session;
        session.run = std::move(run);
        workspace().open(session);
        settle();
        m_dock->setFloating(true);
        m_dock->show();
        m_dock->resize(m_size);
        QVERIFY(settle());
    }
    // Whoever finds the window idle finds every result posted; what those set off is waited for too.
    bool settle() {
        return QTest::qWaitFor(
            [this] {
                const auto idle = [this] { return m_window->isIdle() && workspace().idle(); };
                QCoreApplication::sendPostedEvents();
                if (!idle()) return false;
                QCoreApplication::sendPostedEvents();
                return idle();
            },
            60'000);
    }
    Workspace& workspace() { return m_window->workspace(); }
    FlowView& view() { return *m_dock->findChild<FlowView*>(); }
    const SankeyGraph& graph() { return *view().picture().graph; }
    QString says() {
        for (auto* child : m_dock->findChildren<QWidget*>())
            if (auto* found = dynamic_cast<ReadOut*>(child)) return found->text();
        return {};
    }
    Pane& pane() {
        for (auto* child : m_dock->findChildren<QWidget*>())
            if (auto* found = dynamic_cast<Pane*>(child)) return *found;
        qFatal("the dock holds no pane");
    }
    QComboBox& box(const QString& name) {
        for (auto* child : m_dock->findChildren<QComboBox*>())
            if (child->accessibleName() == name) return *child;
        qFatal("no such box");
    }
    void press(const QString& words) {
        for (auto* child : m_dock->findChildren<QPushButton*>())
            if (child->text() == words) {
                child->click();
                settle();
                return;
            }
        qFatal("no such button");
    }
    int node(int column, int token) {
        const auto& nodes = graph().nodes;
        for (std::size_t at = 0; at < nodes.size(); ++at)
            if (nodes[at].column == column && nodes[at].token == token) return static_cast<int>(at);
        return -1;
    }
    void click(const QPointF& at) {
        QTest::mouseClick(&view(), Qt::LeftButton, {}, at.toPoint());
        settle();
    }
    void picture(const QString& name) {
        settle();
        m_dock->grab().save(name + ".png");
    }
    MainWindow& window() { return *m_window; }
    QDockWidget& dock() { return *m_dock; }

 private:
    std::unique_ptr<MainWindow> m_window;
    QDockWidget* m_dock;
    QSize m_size;
};

// No two labels of a side touch, and none leaves the widget.
inline void labelsStandApart(const FlowView& view) {
    QVERIFY(!view.labels().empty());
    const FlowView::Label* before = nullptr;
    for (const auto& label : view.labels()) {
        QVERIFY(QRectF(view.rect()).contains(label.place));
        if (before && before->right == label.right)
            QVERIFY(label.place.top() >= before->place.bottom() - 1e-6);
        before = &label;
    }
}

}  // namespace attnviz::test
