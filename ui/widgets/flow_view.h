// A flow, painted: columns of tokens, ribbons as wide as what flows, hairlines for what is kept but does not
// flow (ui/panes/flow_pane.cpp says what it means). Vector all through, so that figures have real text.
//
// The pointer or the arrow keys light a node: all that comes from it and all that it comes from. Labels never
// collide: those that matter least are not written, long ones are elided. Knows no analysis.
#pragma once

#include <QPixmap>
#include <QStringList>
#include <QWidget>
#include <memory>
#include <optional>
#include <vector>

#include "core/analysis/sankey_layout.h"
#include "ui/widgets/flow_light.h"

namespace attnviz::ui {

// What is under the pointer: a node, or a link.
struct FlowSpot {
    int node = -1, link = -1;
    bool operator==(const FlowSpot&) const = default;
};

struct FlowPicture {
    std::shared_ptr<const SankeyGraph> graph;
    bool oneLayer = false;             // two columns of evenly spaced tokens
    QStringList keyTexts, queryTexts;  // by token; of one layer's columns, else keys alone
    QStringList columnNames;           // below, one a column
    QString othersText;                // of the node that stands for the rest
    std::vector<int> marked;           // tokens of the highest column that the path starts from
    std::optional<int> currentColumn;  // whose name is marked: the layer that is looked at elsewhere
};

class FlowView final : public QWidget {
    Q_OBJECT
 public:
    explicit FlowView(QWidget* parent = nullptr);

    void setPicture(FlowPicture picture);
    const FlowPicture& picture() const { return m_picture; }
    void setCurrentColumn(std::optional<int> column);
    // A node that is lit from outside; what the pointer is over comes first.
    void setLit(std::optional<int> node);
    FlowSpot spot() const { return m_spot; }
    // Links beyond what a picture can hold are not drawn: the weakest.
    int linksLeftOut() const { return m_linksLeftOut; }

    QString textOf(int node) const;
    QRectF rectOf(int node) const;
    FlowSpot spotAt(const QPointF& position) const;
    struct Label {
        int node = 0;
        QRectF place;  // of the whole line
        QString text, share;
        bool right = false;  // of the highest column
    };
    const std::vector<Label>& labels() const { return m_labels; }
    const SankeyLayout& layoutOfFlow() const { return m_layout; }

    QSize sizeHint() const override { return {600, 220}; }
    QSize minimumSizeHint() const override { return {160, 60}; }

 signals:
    void spotChanged(attnviz::ui::FlowSpot spot);
    void nodeClicked(int node);
    void linkClicked(int link);
    void columnClicked(int column);
    void clearRequested();  // Escape, or a click beside everything

 protected:
    void paintEvent(QPaintEvent* event) override;
    void resizeEvent(QResizeEvent* event) override;
    void mousePressEvent(QMouseEvent* event) override;
    void mouseMoveEvent(QMouseEvent* event) override;
    void leaveEvent(QEvent* event) override;
    void keyPressEvent(QKeyEvent* event) override;
    void focusInEvent(QFocusEvent* event) override;
    void focusOutEvent(QFocusEvent* event) override;

 private:
    bool isEmpty() const { return !m_picture.graph || m_picture.graph->nodes.empty(); }
    bool flows() const { return m_picture.graph->kind != FlowKind::links; }  // shares are parts of one
    bool isMarked(int node) const;
    double columnLeft(int column) const;
    int columnNameAt(const QPointF& position) const;
    void layOut();
    void layOutLabels(int column, bool right);
    void setSpot(FlowSpot spot);
    void light();
    void moveCursor(int columns, int tokens);

    // flow_painting.cpp
    void paintLinks(QPainter& painter) const;
    void paintLight(QPainter& painter) const;
    void paintNodes(QPainter& painter) const;
    void paintNames(QPainter& painter) const;
    void paintLink(QPainter& painter, int link, const QColor& color, double least) const;

    FlowPicture m_picture;
    SankeyLayout m_layout;
    QRectF m_plot;  // from the left of the first column to the right of the last
    std::vector<Label> m_labels;
    std::vector<int> m_drawn;  // links, hairlines first
    int m_linksLeftOut = 0;
    FlowSpot m_spot;
    std::optional<int> m_lit;
    int m_cursor = -1;  // of the keyboard
    FlowLight m_light;  // of the lit node; empty: none
    double m_strongest = 1;
    QPixmap m_base;  // the unlit links, when they are many
    bool m_keyboardFocus = false;
};

}  // namespace attnviz::ui
