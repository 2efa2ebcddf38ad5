#include "ui/exporting/figure_exporters.h"

#include <QBuffer>
#include <QImageReader>
#include <QXmlStreamReader>
#include <QtTest>
#include <numeric>

#include "core/attention/dense_attention.h"
#include "core/attention/filtered_attention.h"
#include "core/exporting/colormap.h"
#include "tests/support/attention_text.h"
#include "tests/support/failing_sink.h"
#include "ui/exporting/drawn_figure.h"
#include "ui/exporting/figure_map.h"

using namespace attnviz;
using namespace attnviz::test;
using namespace attnviz::ui;

namespace {

QByteArray written(const ExporterDescriptor& exporter, const ExportRequest& request) {
    StringSink sink;
    const auto done = exporter.write(request, sink, {}, {});
    return done ? QByteArray::fromStdString(sink.bytes())
                : "failed: " + QByteArray::fromStdString(done.error().sentence());
}

Session sessionOf(std::shared_ptr<const AttentionRun> run) {
    Session session;
    session.run = std::move(run);
    return session;
}

ExportRequest sized(const Session& session, double width, double height, int dpi = 100) {
    ExportRequest request{.session = session};
    request.widthInches = width;
    request.heightInches = height;
    request.dpi = dpi;
    return request;
}

QStringList textsOf(const QByteArray& svg, bool* wellFormed) {
    QXmlStreamReader reader(svg);
    QStringList texts;
    while (!reader.atEnd())
        if (reader.readNext() == QXmlStreamReader::StartElement && reader.name() == QLatin1String("text"))
            texts.append(reader.readElementText());
    *wellFormed = !reader.hasError();
    return texts;
}

// All deflated streams of a PDF, and the rest as it is.
QByteArray inflated(const QByteArray& pdf) {
    QByteArray all = pdf;
    for (qsizetype at = 0; (at = pdf.indexOf("stream\n", at)) >= 0; at += 7) {
        const auto begin = at + 7, end = pdf.indexOf("endstream", begin);
        if (end < 0) break;
        QByteArray sized("\0\x40\0\0", 4);  // qUncompress wants a length in front
        all += qUncompress(sized + pdf.mid(begin, end - begin));
        at = end;
    }
    return all;
}

constexpr auto kMap = R"(
    1   .   .
    .5  .5  .
    .2  .3  .5 )";

}  // namespace

class FigureExportersTest : public QObject {
    Q_OBJECT
 private slots:
    void aPngHasTheSizeAndResolutionThatWereAsked_data() {
        QTest::addColumn<double>("width");
        QTest::addColumn<double>("height");
        QTest::addColumn<int>("dpi");
        QTest::newRow("a column of a journal") << 3.25 << 3.0 << 300;
        QTest::newRow("millimetres") << 89 / 25.4 << 60 / 25.4 << 150;
        QTest::newRow("screen") << 12.0 << 8.0 << 96;
    }
    void aPngHasTheSizeAndResolutionThatWereAsked() {
        QFETCH(double, width);
        QFETCH(double, height);
        QFETCH(int, dpi);
        const Session session = sessionOf(runFromText(kMap));
        const QImage image =
            QImage::fromData(written(kPngExporter, sized(session, width, height, dpi)), "PNG");
        QCOMPARE(image.size(), QSize(qRound(width * dpi), qRound(height * dpi)));
        QCOMPARE(image.dotsPerMeterX(), qRound(dpi / 0.0254));
    }

    void cellsHaveTheColourMapsExactColours_data() {
        QTest::addColumn<QString>("colormap");
        for (const auto name : colormapNames()) QTest::newRow(name.data()) << QString::fromUtf8(name.data());
    }
    void cellsHaveTheColourMapsExactColours() {
        QFETCH(QString, colormap);
        const Session session = sessionOf(runFromText(kMap));
        ExportRequest request = sized(session, 3.25, 3, 200);
        request.colormap = colormap.toStdString();
        const auto figure = drawnFigure(request, {});
        QVERIFY(figure.ok());
        const QImage image = QImage::fromData(written(kPngExporter, request));
        const auto& place = figure->layout.panels.front();
        const Colormap& map = **findColormap(request.colormap);
        const std::vector<double> weights{1, -1, -1, .5, .5, -1, .2, .3, .5};
        for (int query = 0; query < 3; ++query)
            for (int key = 0; key < 3; ++key) {
                // Near the cell's corner, where no number stands; row 0 is on top.
                const double x = place.map.left() + (key + 0.12) * place.cellWidth;
                const double y = place.map.top() + (query + 0.12) * place.cellHeight;
                const QColor seen = image.pixelColor(static_cast<int>(x * 200 / kUnitsPerInch),
                                                     static_cast<int>(y * 200 / kUnitsPerInch));
                const double weight = weights[static_cast<std::size_t>(query * 3 + key)];
                const Rgb expected = map.at(weight);
                QCOMPARE(seen.rgb(), weight < 0 ? kFigureMasked : qRgb(expected.r, expected.g, expected.b));
            }
        QCOMPARE(image.pixelColor(0, 0), QColor(Qt::white));
    }

    void theThemeChangesNothing() {
        const Session session = sessionOf(runFromText(kMap));
        ExportRequest request = sized(session, 3, 3);
        const QByteArray light = written(kPngExporter, request);
        request.theme = Theme::dark;
        QCOMPARE(written(kPngExporter, request), light);
    }

    void fewColoursMakeAPalette() {
        const Session session = sessionOf(runFromText("1"));
        ExportRequest request = sized(session, 3, 3);
        request.colormap = "greys";
        const QByteArray bytes = written(kPngExporter, request);
        QCOMPARE(QImage::fromData(bytes).format(), QImage::Format_Indexed8);
    }

    void aSingleBrightColumnIsNeverLost() {
        constexpr int kTokens = 1500;
        AttentionInfo info;
        info.kind = AttentionKind::encoder;
        info.layers = info.heads = info.keyValueHeads = 1;
        info.queries = info.keys = kTokens;
        info.visibility = Visibility::full(kTokens, kTokens);
        auto layer = std::make_shared<DenseLayer>();
        layer->floats.assign(static_cast<std::size_t>(kTokens) * kTokens, 0.0F);
        for (int query = 0; query < kTokens; ++query)
            for (const int key : {0, 37, 701, 1499})
                layer->floats[static_cast<std::size_t>(query * kTokens + key)] = .25F;
        auto run = std::make_shared<AttentionRun>(*randomRun(1, 1, 2));
        run->sources = {DenseAttention::create(info, {layer})};
        const Session session = sessionOf(run);
        const ExportRequest request = sized(session, 3.25, 3, 100);
        const auto figure = drawnFigure(request, {});
        const QRectF map = figure->layout.panels.front().map;
        const QImage image = QImage::fromData(written(kPngExporter, request));
        const int y = static_cast<int>(map.center().y() * 100 / kUnitsPerInch);
        int stripes = 0;
        bool inside = false;
        for (int x = static_cast<int>(map.left() * 100 / kUnitsPerInch) + 1;
             x < static_cast<int>(map.right() * 100 / kUnitsPerInch); ++x) {
            const bool bright = qGreen(image.pixel(x, y)) > 150;
            stripes += bright && !inside;
            inside = bright;
        }
        QVERIFY2(stripes >= 3,
                 qPrintable(QString::number(stripes)));  // the outermost two may touch the frame
    }

    void theDefaultIsTheMeanOfTheLastLayer() {
        const auto run = randomRun(3, 4, 9);
        const auto plan = planFigure(sized(sessionOf(run), 3, 3), {});
        QCOMPARE(plan->panels.size(), std::size_t{1});
        QCOMPARE(plan->panels[0].head, (HeadId{2, 0}));
        QCOMPARE(plan->title, QStringLiteral("toy, layer 2, mean of 4 heads"));
        FilterSettings mean;
        mean.combine = HeadCombine::mean;
        std::vector<float> left(9), right(9);
        plan->panels[0].source->row({2, 0}, 8, left);
        filtered(run->sources.front(), mean, {})->row({2, 0}, 8, right);
        QCOMPARE(left, right);
    }

    void chosenLayersAndHeadsArePanelsOnOneScale() {
        const Session session = sessionOf(randomRun(5, 3, 9));
        ExportRequest request = sized(session, 6, 4);
        request.layers = {1, 4};
        request.heads = {2};
        const auto plan = planFigure(request, {});
        QCOMPARE(plan->panels.size(), std::size_t{2});
        QCOMPARE(plan->panels[1].title, QStringLiteral("Layer 4, head 2").left(7));
        request.heads = {0, 2};
        QCOMPARE(planFigure(request, {})->panels.size(), std::size_t{4});
        QCOMPARE(planFigure(request, {})->panels[3].title, QStringLiteral("Layer 4, head 2"));
        request.combine = "max";
        QCOMPARE(planFigure(request, {})->panels.size(), std::size_t{2});
        request.layers = {5};
        QVERIFY(!planFigure(request, {}));
    }

    void whatAFilterDidIsSaid() {
        const auto run = randomRun(1, 4, 9);
        FilterSettings settings;
        settings.hiddenKeys = {0};
        settings.renormalize = true;
        const Session session = sessionOf(run);
        ExportRequest request = sized(session, 3.25, 3);
        request.sources = {filtered(run->sources.front(), settings, {})};
        bool wellFormed = false;
        const QStringList texts = textsOf(written(kSvgExporter, request), &wellFormed);
        QVERIFY(wellFormed && texts.contains(QStringLiteral("1 token hidden, renormalized")));
    }

    void labelsNeverCollideAndNeverLeaveThePage_data() {
        QTest::addColumn<int>("tokens");
        QTest::addColumn<double>("width");
        QTest::addColumn<double>("height");
        QTest::addColumn<int>("layers");
        for (const int tokens : {1, 2, 9, 33, 64, 200, 1000})
            for (const int layers : {1, 3, 8}) {
                QTest::addRow("%d tokens, %d panels, a column", tokens, layers)
                    << tokens << 3.25 << 3.0 << layers;
                QTest::addRow("%d tokens, %d panels, a page", tokens, layers)
                    << tokens << 12.0 << 8.0 << layers;
            }
    }
    void labelsNeverCollideAndNeverLeaveThePage() {
        QFETCH(int, tokens);
        QFETCH(double, width);
        QFETCH(double, height);
        QFETCH(int, layers);
        const Session session = sessionOf(randomRun(layers, 1, tokens));
        ExportRequest request = sized(session, width, height);
        request.layers.resize(static_cast<std::size_t>(layers));
        std::iota(request.layers.begin(), request.layers.end(), 0);
        const auto figure = drawnFigure(request, {});
        QVERIFY(figure.ok());
        const FigureLayout& layout = figure->layout;
        const QRectF page(0, 0, layout.width, layout.height);
        const QFontMetricsF metrics(figureFont(layout.axisSize));
        for (std::size_t i = 0; i < layout.panels.size(); ++i) {
            const PanelLayout& panel = layout.panels[i];
            QVERIFY(page.contains(panel.map));
            for (std::size_t other = 0; other < i; ++other)
                QVERIFY(!panel.map.intersects(layout.panels[other].map));
            double last = -1e9;
            for (const auto& label : panel.queries.labels) {
                const double y = label.at * layout.axisScale;
                QVERIFY2(y - last >= metrics.capHeight() * 1.1, "two queries collide");
                last = y;
                QVERIFY(panel.map.left() - metrics.horizontalAdvance(label.text) >
                        layout.queryTitle.right() - 1);
            }
            last = -1e9;
            for (const auto& label : panel.keys.labels) {
                const double x = label.at * layout.axisScale;
                const bool flat =
                    panel.keys.form == TokenAxisForm::horizontal || panel.keys.form == TokenAxisForm::ticks;
                const double half =
                    flat ? metrics.horizontalAdvance(label.text) / 2 : metrics.capHeight() / 2;
                QVERIFY2(x - half > last, "two keys collide");
                last = x + half;
            }
            if (panel.keyLabels)
                QVERIFY(panel.map.top() - panel.keys.breadth * layout.axisScale >= panel.title.bottom() - 1);
        }
        QVERIFY(page.contains(layout.colorBar) && page.contains(layout.colorBarTitle));
        QVERIFY(page.contains(layout.keyTitle) && page.contains(layout.queryTitle));
        QVERIFY(layout.colorBar.left() >= layout.panels.back().map.right());
    }

    void anSvgIsWellFormedWithRealTextAndExactCells() {
        const Session session =
            sessionOf(runFromText(kMap, {"<s>", "a&\"]]>", std::string("\x1b[31m") + "\xE2\x80\xAE" + "x"}));
        const QByteArray svg = written(kSvgExporter, sized(session, 89 / 25.4, 3));
        bool wellFormed = false;
        const QStringList texts = textsOf(svg, &wellFormed);
        QVERIFY(wellFormed);
        QVERIFY(texts.contains(QStringLiteral("<s>")) && texts.contains(QStringLiteral("a&\"]]>")));
        QVERIFY(texts.contains(QStringLiteral("Key")) && texts.contains(QStringLiteral("Query")));
        QVERIFY(!svg.contains('\x1b') && !svg.contains("\xE2\x80\xAE"));
        QVERIFY(svg.contains("sans-serif") && svg.contains("height=\"76.2mm\""));
        const auto at = svg.indexOf("base64,") + 7;
        const QImage cells = QImage::fromData(QByteArray::fromBase64(svg.mid(at, svg.indexOf('"', at) - at)));
        QCOMPARE(cells.size(), QSize(3, 3));
        const Rgb half = (*findColormap("viridis"))->at(.5);
        QCOMPARE(cells.pixel(0, 1), qRgb(half.r, half.g, half.b));
        QCOMPARE(cells.pixel(2, 0), kFigureMasked);
    }

    void aPdfHasItsExactPageEmbeddedFontsAndNoLossyImage() {
        const Session session = sessionOf(runFromText(kMap));
        const QByteArray pdf = inflated(written(kPdfExporter, sized(session, 3.25, 3)));
        QVERIFY(pdf.startsWith("%PDF-"));
        QVERIFY(pdf.contains("MediaBox [0 0 234.000000 216.000000]"));
        QVERIFY(pdf.contains("/FontFile2") || pdf.contains("/FontFile3"));
        QVERIFY(!pdf.contains("/Type3") && !pdf.contains("DCTDecode"));
    }

    void aSecondExportHasTheSameBytes_data() {
        QTest::addColumn<QString>("id");
        for (const auto* exporter : figureExporters())
            QTest::newRow(exporter->id.data()) << exporter->id.data();
    }
    void aSecondExportHasTheSameBytes() {
        QFETCH(QString, id);
        const Session session = sessionOf(randomRun(2, 2, 20));
        const auto* exporter = exporterForName(("x." + id).toStdString(), figureExporters());
        const QByteArray first = written(*exporter, sized(session, 4, 3));
        QVERIFY(first.size() > 1000);
        QCOMPARE(written(*exporter, sized(session, 4, 3)), first);
        // Nor at another time.
        if (id == "pdf") QCOMPARE(first.count("/CreationDate (D:19700101000000"), 1);
        QVERIFY(!first.contains(QDate::currentDate().toString("yyyyMMdd").toUtf8()));
    }

    void whatCannotBeDrawnIsRefusedInASentence() {
        const Session session = sessionOf(runFromText(kMap));
        QVERIFY(written(kPngExporter, sized(session, 0, 3)).contains("inches"));
        QVERIFY(written(kPngExporter, sized(session, NAN, 3)).contains("inches"));
        QVERIFY(written(kPngExporter, sized(session, 99, 99, 2400)).contains("too large"));
        QVERIFY(written(kPngExporter, sized(session, 3, 3, 0)).contains("dots per inch"));
        ExportRequest request = sized(session, 3, 3);
        request.colormap = "jet";
        QVERIFY(written(kPdfExporter, request).contains("jet"));
        FailingSink full(10);
        QVERIFY(!kPngExporter.write(sized(session, 3, 3), full, {}, {}));
        std::stop_source stop;
        stop.request_stop();
        StringSink sink;
        const auto stopped = kPngExporter.write(sized(session, 3, 3), sink, {}, stop.get_token());
        QVERIFY(!stopped && stopped.error().kind == ErrorKind::cancelled && sink.bytes().empty());
    }

    void scalesEndAtRoundNumbers() {
        QCOMPARE(niceUpperEnd(0), 1.0);
        QCOMPARE(niceUpperEnd(1), 1.0);
        QCOMPARE(niceUpperEnd(0.37), 0.4);
        QCOMPARE(niceUpperEnd(1.2), 1.5);
        QCOMPARE(niceTicks(0.4).size(), std::size_t{5});
        QCOMPARE(niceTicks(1).back(), 1.0);
    }
};

QTEST_MAIN(FigureExportersTest)
#include "figure_exporters_test.moc"
