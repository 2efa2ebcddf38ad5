// Figures of analyses: every analysis draws one or has none, in each format, at the size asked for, with real
// text; what they show is what the panes show.
#include <QImage>
#include <QXmlStreamReader>

#include "tests/ui/window_case.h"
#include "ui/exporting/figures/analysis_figures.h"
#include "ui/widgets/attention_plottable.h"
#include "ui/widgets/flow_view.h"
#include "ui/widgets/head_grid.h"
#include "ui/widgets/heatmap_view.h"
#include "ui/widgets/token_bars.h"

using namespace attnviz;
using namespace attnviz::ui;

namespace {

const FigureSheet kSheet{.title = {}, .widthInches = 6.75, .heightInches = 5.5};
constexpr int kDpi = 192;

struct Drawn {
    std::shared_ptr<const AttentionRun> run, other;
    std::optional<AnalysisRequest> request;
    AnalysisResult result;
};

// A run's result, as the command makes it.
void analyse(Drawn& drawn, const AnalysisDescriptor& analysis, std::shared_ptr<const AttentionRun> run,
             const std::map<std::string, std::string>& options = {}, std::vector<int> layers = {}) {
    auto predicted = std::make_shared<AttentionRun>(*run);
    const int last = static_cast<int>(run->input.tokens.size()) - 1;
    predicted->predictions = {{last, {{5, "<b>", 0.75}, {7, " time", 0.25}}}};
    drawn.run = std::move(predicted);
    auto other = std::make_shared<AttentionRun>(*test::randomRun(3, 4, 9, true, 7));
    other->input = drawn.run->input;
    drawn.other = other;
    AnalysisRequest request{.run = *drawn.run,
                            .source = drawn.run->main(),
                            .options = {},
                            .layers = std::move(layers),
                            .heads = {},
                            .progress = {},
                            .stop = {}};
    for (const auto& [name, value] : options) request.options.set(name, value);
    if (analysis.comparesTwo) {
        request.otherRun = drawn.other.get();
        request.otherSource = &drawn.other->main();
    }
    auto checked = checkedRequest(analysis, request);
    QVERIFY2(checked.ok(), checked.ok() ? "" : checked.error().sentence().c_str());
    drawn.request.emplace(*checked);
    auto result = runAnalysis(analysis, *checked);
    QVERIFY2(result.ok(), result.ok() ? "" : result.error().sentence().c_str());
    drawn.result = *result;
}

AnalysisPicture pictureOf(const Drawn& drawn, std::string_view analysis) {
    auto picture = findAnalysisFigure(analysis)->draw({*drawn.request, drawn.result});
    return picture.ok() ? *std::move(picture) : AnalysisPicture{};
}

QStringList wordsOf(const QByteArray& svg) {
    QStringList words;
    QXmlStreamReader reader(svg);
    while (!reader.atEnd())
        if (reader.readNext() == QXmlStreamReader::StartElement && reader.name() == QStringLiteral("text"))
            words << reader.readElementText(QXmlStreamReader::IncludeChildElements).trimmed();
    return reader.hasError() ? QStringList() : words;
}

}  // namespace

class AnalysisFiguresTest : public QObject {
    Q_OBJECT

 private slots:
    void everyFigureIsOfAnAnalysis() {
        for (const auto* figure : analysisFigures()) {
            QVERIFY2(findAnalysis(figure->analysis), figure->analysis.data());
            QCOMPARE(findAnalysisFigure(figure->analysis), figure);
        }
        QVERIFY(!findAnalysisFigure("summary") && !findAnalysisFigure("analyze"));
    }

    void eachIsDrawnInEachFormat_data() {
        QTest::addColumn<QString>("id");
        for (const auto* figure : analysisFigures())
            QTest::newRow(figure->analysis.data()) << QString::fromUtf8(
                figure->analysis.data(), static_cast<qsizetype>(figure->analysis.size()));
    }
    void eachIsDrawnInEachFormat() {
        QFETCH(QString, id);
        const auto& analysis = *findAnalysis(id.toStdString());
        const auto& figure = *findAnalysisFigure(id.toStdString());
        Drawn drawn;
        analyse(drawn, analysis,
                test::withTokens(*test::randomRun(3, 4, 9),
                                 {"<s>", "<b>&amp;", " the", "سلام", "海", "👩\u200D💻", "a", "b", "c"}));
        FigureSheet sheet = kSheet;
        sheet.title = "A <b>title</b> & more";
        const AnalysisDrawing drawing{*drawn.request, drawn.result};
        const auto png = drawAnalysis(figure, drawing, sheet, kDpi, FigureFormat::png);
        QVERIFY(png.ok());
        const QImage image = QImage::fromData(*png, "PNG");
        QCOMPARE(image.size(), QSize(1296, 1056));
        QCOMPARE(image.dotsPerMeterX(), qRound(192 / 0.0254));
        QCOMPARE(image.pixelColor(0, image.height() - 1), QColor(Qt::white));
        const auto svg = drawAnalysis(figure, drawing, sheet, kDpi, FigureFormat::svg);
        QVERIFY(svg.ok());
        const QStringList words = wordsOf(*svg);
        QVERIFY(words.contains("A <b>title</b> & more"));
        QVERIFY2(words.size() > 6, "numbers and names are text");
        QVERIFY(!svg->contains("<b>"));
        QVERIFY2(!svg->contains("font-family=\"Inter\""), "families to fall back to");
        const auto again = drawAnalysis(figure, drawing, sheet, kDpi, FigureFormat::svg);
        QCOMPARE(*again, *svg);
        const auto pdf = drawAnalysis(figure, drawing, sheet, kDpi, FigureFormat::pdf);
        QVERIFY(pdf.ok() && pdf->startsWith("%PDF") && !pdf->contains("DCTDecode"));
        QVERIFY(image.save(id + ".png"));
        sheet.widthInches = 1;
        QVERIFY(!drawAnalysis(figure, drawing, sheet, kDpi, FigureFormat::png).ok());
        sheet = kSheet;
        QVERIFY(!drawAnalysis(figure, drawing, sheet, 3000, FigureFormat::png).ok());
    }

    // The same run in the window's pane and in the command's figure.
    void theFlowIsThatOfThePane() {
        const auto run = test::randomRun(3, 2, 8);
        test::PaneWindow window("flow", {800, 400});
        window.open(run);
        const auto& seen = *window.part<FlowView>().picture().graph;
        Drawn drawn;
        analyse(drawn, *findAnalysis("flow"), run);
        const auto picture = pictureOf(drawn, "flow");
        const auto* view = qobject_cast<FlowView*>(picture.body.get());
        QVERIFY(view);
        const auto& graph = *view->picture().graph;
        QCOMPARE(graph.columns, seen.columns);
        QCOMPARE(graph.links.size(), seen.links.size());
        for (std::size_t link = 0; link < graph.links.size(); ++link) {
            QCOMPARE(graph.links[link].lower, seen.links[link].lower);
            QCOMPARE(graph.links[link].upper, seen.links[link].upper);
            QCOMPARE(graph.links[link].weight, seen.links[link].weight);
        }
        QCOMPARE(view->picture().columnNames, window.part<FlowView>().picture().columnNames);
        QCOMPARE(view->picture().keyTexts, window.part<FlowView>().picture().keyTexts);
        // One layer is drawn as its queries and keys; layers with a gap between them are refused.
        analyse(drawn, *findAnalysis("flow"), run, {}, {1});
        QVERIFY(qobject_cast<FlowView*>(pictureOf(drawn, "flow").body.get())->picture().oneLayer);
        analyse(drawn, *findAnalysis("flow"), run, {}, {0, 2});
        QVERIFY(!findAnalysisFigure("flow")->draw({*drawn.request, drawn.result}).ok());
    }

    void aRolloutIsAMapAndItsRowBars() {
        const auto run = test::randomRun(3, 2, 300);  // more than one tile
        Drawn drawn;
        analyse(drawn, *findAnalysis("rollout"), run);
        const auto picture = pictureOf(drawn, "rollout");
        auto* view = qobject_cast<HeatmapView*>(picture.body.get());
        QVERIFY(view);
        const auto& rows = drawn.result.tables.front().rows;
        std::vector<float> row(300);
        view->map().source()->row({}, 250, row);
        for (std::size_t key = 0; key < row.size(); ++key)
            QCOMPARE(row[key], static_cast<float>(numberOf(rows[250 * 300 + key].back())));
        const auto png = drawAnalysis(*findAnalysisFigure("rollout"), {*drawn.request, drawn.result}, kSheet,
                                      kDpi, FigureFormat::png);
        QVERIFY(png.ok() && QImage::fromData(*png).save("rollout-300.png"));
        analyse(drawn, *findAnalysis("rollout"), run, {{"query", "-1"}});
        const auto bars = pictureOf(drawn, "rollout");
        auto* shown = qobject_cast<TokenBars*>(bars.body.get());
        QVERIFY(shown);
        QVERIFY2(bars.caption.contains("of query 299"), qPrintable(bars.caption));
        shown->resize(300, 200);
        QVERIFY(shown->shown() > 0 && shown->shown() < 300);
    }

    void headsThatWereNotChosenStayEmpty() {
        Drawn drawn;
        analyse(drawn, *findAnalysis("roles"), test::patternRun(3, 4, 12), {}, {1});
        const auto picture = pictureOf(drawn, "roles");
        QVERIFY(picture.body);
        const auto grids = picture.body->findChildren<HeadGrid*>();
        QVERIFY(!grids.isEmpty());
    }
};

QTEST_MAIN(AnalysisFiguresTest)
#include "analysis_figures_test.moc"
